import CLibvirt
import Hypervisor

extension Connection {
    /// What happens to the hypervisor's domains, from now until the connection closes; ask for it once a connection.
    ///
    /// The callbacks run on the event loop's thread and only note what happened here. A consumer that falls more than
    /// ten thousand events behind loses the oldest ones. An event that this driver or its libvirtd does not have never
    /// comes, and that is all.
    ///
    /// - Throws: `LibvirtError` where the connection is lost.
    package func events() throws(LibvirtError) -> AsyncStream<DomainEvent> {
        let call = "virConnectDomainEventRegisterAny"
        let connection = try unsafe requireOpen(call)
        let (stream, continuation) = AsyncStream.makeStream(
            of: DomainEvent.self,
            bufferingPolicy: .bufferingNewest(10_000)
        )
        let sink = EventSink(continuation)
        for unsafe(event, callback) in unsafe eventRegistrations {
            let context = unsafe sink.retained()
            let id = unsafe virConnectDomainEventRegisterAny(
                connection,
                nil,
                Int32(event.rawValue),
                callback,
                context,
                releaseEventSink
            )
            guard id < 0 else {
                eventCallbacks.append(id)
                continue
            }
            let error = lastError(call)
            unsafe releaseEventSink(context)
            if error.isConnectionLost { throw error }
        }
        return stream
    }

    /// Has libvirt tell this connection that it closed (virConnectRegisterCloseCallback).
    ///
    /// The sink is this connection's, and libvirt frees nothing: a driver inside this process, as `test`, has no
    /// connection that could close, takes the callback all the same, and never calls the free callback. A callback
    /// that runs is waited for where it is taken back (virConnectCloseCallbackDataUnregister).
    func watchForClosing(_ connection: OpaquePointer) {
        let context = unsafe Unmanaged.passUnretained(closeSink).toOpaque()
        hasCloseCallback = unsafe virConnectRegisterCloseCallback(connection, closeCallback, context, nil) == 0
    }

    /// Takes every callback back; to be done before the connection is closed, for libvirt uses freed memory when a
    /// connection is closed with its callbacks in place.
    func removeCallbacks(_ connection: OpaquePointer) {
        for id in eventCallbacks { unsafe virConnectDomainEventDeregisterAny(connection, id) }
        if hasCloseCallback { unsafe virConnectUnregisterCloseCallback(connection, closeCallback) }
    }
}

/// Where callbacks put what happened. libvirt holds one reference for each callback of an event and gives it back by the
/// callback's free callback; with the last one the stream ends.
final class Sink<Element: Sendable>: Sendable {
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

private let releaseEventSink: virFreeCallback = { unsafe EventSink.release($0) }

private let closeCallback: virConnectCloseFunc = { _, _, context in
    unsafe Sink<Void>.yield((), to: context)
}

/// Notes an event of the domain that libvirt handed over, which is valid only inside the callback.
private func note(_ kind: DomainEvent.Kind, of domain: virDomainPtr?, to context: UnsafeMutableRawPointer?) {
    guard let domain = unsafe domain else { return }
    unsafe EventSink.yield(DomainEvent(kind, of: DomainID(domain)), to: context)
}

private let lifecycleCallback: virConnectDomainEventCallback = { _, domain, event, _, context in
    let kind: DomainEvent.Kind =
        switch virDomainEventType(rawValue: UInt32(bitPattern: event)) {
        case VIR_DOMAIN_EVENT_STARTED: .started
        case VIR_DOMAIN_EVENT_STOPPED: .stopped
        case VIR_DOMAIN_EVENT_UNDEFINED: .undefined
        default: .changed
        }
    unsafe note(kind, of: domain, to: context)
    return 0
}

private let rebootCallback: virConnectDomainEventGenericCallback = { _, domain, context in
    unsafe note(.rebooted, of: domain, to: context)
}

private let balloonCallback: virConnectDomainEventBalloonChangeCallback = { _, domain, _, context in
    unsafe note(.balloonChanged, of: domain, to: context)
}

private let metadataCallback: virConnectDomainEventMetadataChangeCallback = { _, domain, _, _, context in
    unsafe note(.metadataChanged, of: domain, to: context)
}

private let memoryFailureCallback: virConnectDomainEventMemoryFailureCallback = {
    _,
    domain,
    recipient,
    action,
    _,
    context in
    unsafe note(.memoryFailed(MemoryFailure(recipient: recipient, action: action)), of: domain, to: context)
}

private let memoryDeviceCallback: virConnectDomainEventMemoryDeviceSizeChangeCallback = { _, domain, _, _, context in
    unsafe note(.memoryDeviceResized, of: domain, to: context)
}

/// The events and their callbacks; libvirt takes all of them by the type of the plainest (VIR_DOMAIN_EVENT_CALLBACK, a
/// macro, does the same).
private let eventRegistrations: [(virDomainEventID, virConnectDomainEventGenericCallback)] = unsafe [
    (
        VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        unsafeBitCast(lifecycleCallback, to: virConnectDomainEventGenericCallback.self)
    ),
    (VIR_DOMAIN_EVENT_ID_REBOOT, rebootCallback),
    (
        VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE,
        unsafeBitCast(balloonCallback, to: virConnectDomainEventGenericCallback.self)
    ),
    (
        VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
        unsafeBitCast(metadataCallback, to: virConnectDomainEventGenericCallback.self)
    ),
    (
        VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE,
        unsafeBitCast(memoryFailureCallback, to: virConnectDomainEventGenericCallback.self)
    ),
    (
        VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE,
        unsafeBitCast(memoryDeviceCallback, to: virConnectDomainEventGenericCallback.self)
    ),
]
