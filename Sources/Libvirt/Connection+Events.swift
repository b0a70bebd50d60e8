import CLibvirt

extension Connection {
    /// What happens to the hypervisor's domains, from now until the connection closes; ask for it once a connection.
    ///
    /// The callbacks run on the event loop's thread and only note what happened here. A consumer that falls more than
    /// ten thousand events behind loses the oldest ones.
    ///
    /// - Throws: `LibvirtError` where the driver has no lifecycle events.
    public func events() throws(LibvirtError) -> AsyncStream<DomainEvent> {
        let connection = try unsafe requireOpen("virConnectDomainEventRegisterAny")
        let (stream, continuation) = AsyncStream.makeStream(
            of: DomainEvent.self,
            bufferingPolicy: .bufferingNewest(10_000)
        )
        let sink = EventSink(continuation)
        let context = unsafe sink.retained()
        let id = unsafe virConnectDomainEventRegisterAny(
            connection,
            nil,
            Int32(VIR_DOMAIN_EVENT_ID_LIFECYCLE.rawValue),
            unsafeBitCast(lifecycleCallback, to: virConnectDomainEventGenericCallback.self),
            context,
            releaseEventSink
        )
        guard id >= 0 else {
            let error = LibvirtError.last(in: "virConnectDomainEventRegisterAny")
            unsafe releaseEventSink(context)
            throw error
        }
        eventCallbacks.append(id)
        return stream
    }

    /// Has libvirt tell this connection that it closed (virConnectRegisterCloseCallback).
    ///
    /// A driver inside this process, as `test`, has no connection that could close, and refuses.
    func watchForClosing(_ connection: OpaquePointer) {
        let context = unsafe CloseSink(closing).retained()
        hasCloseCallback =
            unsafe virConnectRegisterCloseCallback(connection, closeCallback, context, releaseCloseSink) == 0
        if !hasCloseCallback { unsafe releaseCloseSink(context) }
    }

    /// Takes every callback back; to be done before the connection is closed, for libvirt uses freed memory when a
    /// connection is closed with its callbacks in place.
    func removeCallbacks(_ connection: OpaquePointer) {
        for id in eventCallbacks { unsafe virConnectDomainEventDeregisterAny(connection, id) }
        if hasCloseCallback { unsafe virConnectUnregisterCloseCallback(connection, closeCallback) }
    }
}

/// Where callbacks put what happened. libvirt holds one reference for each callback and gives it back by the callback's
/// free callback; with the last one the stream ends.
private final class Sink<Element: Sendable>: Sendable {
    let continuation: AsyncStream<Element>.Continuation

    init(_ continuation: AsyncStream<Element>.Continuation) {
        self.continuation = continuation
    }

    deinit {
        continuation.finish()
    }

    func retained() -> UnsafeMutableRawPointer {
        unsafe Unmanaged.passRetained(self).toOpaque()
    }

    static func yield(_ element: Element, to context: UnsafeMutableRawPointer?) {
        guard let context = unsafe context else { return }
        unsafe Unmanaged<Self>.fromOpaque(context).takeUnretainedValue().continuation.yield(element)
    }

    /// For a free callback, which must not call libvirt.
    static func release(_ context: UnsafeMutableRawPointer?) {
        guard let context = unsafe context else { return }
        unsafe Unmanaged<Self>.fromOpaque(context).release()
    }
}

private typealias EventSink = Sink<DomainEvent>
private typealias CloseSink = Sink<Void>

private let releaseEventSink: virFreeCallback = { unsafe EventSink.release($0) }
private let releaseCloseSink: virFreeCallback = { unsafe CloseSink.release($0) }

private let closeCallback: virConnectCloseFunc = { _, _, context in
    unsafe CloseSink.yield((), to: context)
}

private let lifecycleCallback: virConnectDomainEventCallback = { _, domain, event, _, context in
    guard let domain = unsafe domain else { return 0 }
    let id = unsafe DomainID(domain)
    switch virDomainEventType(rawValue: UInt32(bitPattern: event)) {
    case VIR_DOMAIN_EVENT_STARTED: unsafe EventSink.yield(.started(id), to: context)
    case VIR_DOMAIN_EVENT_STOPPED: unsafe EventSink.yield(.stopped(id), to: context)
    default: unsafe EventSink.yield(.changed(id), to: context)
    }
    return 0
}
