import CLibvirt
import Glibc

/// libvirt's event loop: one thread of this process, from the first use to the process's end.
///
/// It answers keepalives and runs the callbacks of every connection. Nothing may block it: while it is inside a call
/// no connection can notice that its libvirtd is gone.
public enum EventLoop {
    /// The loop wakes at least this often, so that a callback added by another thread is never waited for longer.
    private static let idleMilliseconds: Int32 = 1000

    /// Starts the loop, once for the process; later calls do nothing.
    ///
    /// libvirt wants the implementation registered before the first connection is opened (virEventRegisterDefaultImpl).
    public static func start() {
        started
    }

    private static let started: Void = {
        // Without this, libvirt prints each error on stderr as well (virSetErrorFunc).
        unsafe virSetErrorFunc(nil) { _, _ in }
        let outcome = virInitialize() == 0 && virEventRegisterDefaultImpl() == 0
        precondition(
            outcome,
            "libvirt's event loop cannot be set up: \(LibvirtError.last(in: "virEventRegisterDefaultImpl"))"
        )
        unsafe virEventAddTimeout(idleMilliseconds, { _, _ in }, nil, nil)

        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread,
            nil,
            { _ in
                unsafe clibvirt_name_this_thread("libvirt-events")
                while true {
                    // An error here is one of poll(2), and would come again at once.
                    if virEventRunDefaultImpl() < 0 { usleep(100_000) }
                }
            },
            nil
        )
        precondition(failure == 0, "no thread for libvirt's event loop: \(unsafe String(cString: strerror(failure)))")
        pthread_detach(thread)
    }()
}
