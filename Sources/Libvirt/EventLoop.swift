import CLibvirt
import Glibc
import Synchronization

/// libvirt's event loop: one thread of this process, from the first use to the process's end.
///
/// It answers keepalives and runs the callbacks of every connection. Nothing may block it: while it is inside a call
/// no connection can notice that its libvirtd is gone.
public enum EventLoop {
    /// The loop wakes at least this often, so that a callback added by another thread is never waited for longer.
    private static let idleMilliseconds: Int32 = 1000

    /// A loop that has not turned for so long, ten times its idle time, is stuck in a callback.
    private static let longestTurnMilliseconds: Int64 = 10_000
    /// When the loop turned last, in milliseconds of the monotonic clock; 0 before its first turn.
    private static let lastTurn = Atomic<Int64>(0)

    /// Whether the loop turns; true before it was started.
    public static var isTurning: Bool {
        let last = lastTurn.load(ordering: .relaxed)
        return last == 0 || now() - last < longestTurnMilliseconds
    }

    private static func noteTurn() {
        lastTurn.store(now(), ordering: .relaxed)
    }

    /// The monotonic clock, which stands still while the host sleeps.
    private static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

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
        unsafe virEventAddTimeout(idleMilliseconds, { _, _ in EventLoop.noteTurn() }, nil, nil)

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
