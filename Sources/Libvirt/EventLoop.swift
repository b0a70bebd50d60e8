import CLibvirt
import Glibc

/// libvirt's event loop: one thread of this process, from the first use to the process's end.
///
/// It answers keepalives and runs the callbacks of every connection. Nothing may block it: while it is inside a call
/// no connection can notice that its libvirtd is gone.
package enum EventLoop {
    private static let poller = Poller()

    /// Whether the loop turns; true before it was started. False means that it is stuck in a callback.
    package static var isTurning: Bool {
        poller.isTurning()
    }

    /// Starts the loop, once for the process; later calls do nothing.
    ///
    /// libvirt wants the implementation registered before the first connection is opened (virEventRegisterImpl).
    package static func start() {
        started
    }

    private static let started: Void = {
        // Without this, libvirt prints each error on stderr as well (virSetErrorFunc).
        unsafe virSetErrorFunc(nil) { _, _ in }
        precondition(virInitialize() == 0, "libvirt cannot be set up: \(LibvirtError.last(in: "virInitialize"))")
        unsafe virEventRegisterImpl(
            { unsafe poller.addHandle($0, events: $1, $2, Poller.UserData(pointer: $3, free: $4)) },
            { poller.updateHandle($0, events: $1) },
            { poller.removeHandle($0) },
            { unsafe poller.addTimeout($0, $1, Poller.UserData(pointer: $2, free: $3)) },
            { poller.updateTimeout($0, milliseconds: $1) },
            { poller.removeTimeout($0) }
        )

        var thread = pthread_t()
        let failure = unsafe pthread_create(
            &thread,
            nil,
            { _ in
                unsafe clibvirt_name_this_thread("libvirt-events")
                while true { poller.turn() }
            },
            nil
        )
        precondition(failure == 0, "no thread for libvirt's event loop: \(unsafe String(cString: strerror(failure)))")
        pthread_detach(thread)
    }()
}
