import Foundation
import Glibc

extension Process {
    /// Starts the process with no signal blocked.
    ///
    /// A child inherits the mask of the thread that starts it, and the threads of Dispatch block nearly all signals: it
    /// would not see SIGTERM.
    func runWithoutMask() throws {
        var none = sigset_t()
        var previous = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        try run()
    }
}
