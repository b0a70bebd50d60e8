import CLibvirt
import Dispatch
import Glibc
import Synchronization

/// A thread of its own that runs the jobs of one actor, one after another.
///
/// A libvirt call blocks for as long as libvirtd or a guest's monitor likes, so it may run neither on Swift's
/// cooperative pool, which has a thread a core, nor on libvirt's event loop, which would stop the keepalive of every
/// connection. And libvirt allows one caller at a time for a connection: an actor on this executor is just that.
final class CallThread: SerialExecutor {
    private let name: String
    private let jobs = Mutex<[UnownedJob]>([])
    private let wakeUp = DispatchSemaphore(value: 0)

    /// Starts the thread.
    ///
    /// - Parameter name: what `top -H` shows; Linux keeps the first 15 bytes (prctl(2), PR_SET_NAME).
    init(name: String) {
        self.name = name
        let thisThread = unsafe Unmanaged.passRetained(self)
        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread,
            nil,
            { context in
                unsafe Unmanaged<CallThread>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            },
            thisThread.toOpaque()
        )
        precondition(failure == 0, "no thread for libvirt's calls: \(unsafe String(cString: strerror(failure)))")
        pthread_detach(thread)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        wakeUp.signal()
    }

    /// Ends the thread after the jobs that are queued.
    func finish() {
        wakeUp.signal()
    }

    private func run() {
        unsafe clibvirt_name_this_thread(name)
        while true {
            wakeUp.wait()
            // Each job signalled once; a signal that finds no job is the one of finish().
            guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return }
            unsafe job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }
}
