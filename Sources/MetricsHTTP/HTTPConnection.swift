import FlyingSocks
import HTTPTypes
import Logging

/// One connection's transport, driven by its `HTTPConnectionState`.
struct HTTPConnection {
    let socket: Socket
    let network: ClientNetwork
    let waits: SocketWaits
    let limits: HTTPServerLimits
    let tls: @Sendable () -> TLSContext?
    let logger: Logger
    let onResponse: @Sendable (HTTPResponse.Status) -> Void
    let handler: HTTPServer.Handler

    /// Serves the connection, or refuses it, until it ends, and closes its socket.
    func run(isOverload: Bool) async {
        let context = tls()
        var transport = HTTPTransport(socket: socket, waits: waits, limits: limits)
        defer { transport.close() }
        // A connection that fails has nobody left to tell.
        try? await serve(&transport, context, isOverload: isOverload)
    }

    private func serve(_ transport: inout HTTPTransport, _ context: TLSContext?, isOverload: Bool) async throws {
        let accepted = ContinuousClock.now
        var state = HTTPConnectionState(limits: limits, now: accepted)
        var handshake = HTTPTransport.Handshake.complete
        if let context {
            // A client has no more time for the handshake and its first request than others for the request alone.
            handshake = try await transport.beginTLS(context, until: accepted + limits.requestHeadTimeout)
        }
        var action: HTTPConnectionState.Action
        switch handshake {
        case .complete:
            action = isOverload ? state.refuseForOverload() : state.start()
        case .plainHTTP:
            action = state.refusePlainHTTP()
        case .failed(let error):
            // For whoever asks why a client gets nothing. It is no more than that, or anybody could fill the log.
            logger.debug("no TLS with a client", metadata: ["client": "\(socket.peer)", "error": "\(error)"])
            action = state.linger(now: .now)
        case .abandoned:
            return
        }
        while let next = try await perform(action, &state, transport, context) {
            action = next
        }
    }

    /// Carries an action out, and gives the next one, or nil after the last.
    private func perform(
        _ action: HTTPConnectionState.Action,
        _ state: inout HTTPConnectionState,
        _ transport: HTTPTransport,
        _ context: TLSContext?
    ) async throws -> HTTPConnectionState.Action? {
        switch action {
        case .read(let deadline):
            return try await feed(&state, transport, until: deadline)
        case .handle(let request):
            guard standing(of: context) != .void else { return nil }
            let reply = await handler(request, network)
            // The handler may have let the request through by a configuration that has come into force since.
            let standing = standing(of: context)
            guard standing != .void else { return nil }
            let isLast = standing == .outdated || waits.isShuttingDown || Task.isCancelled
            return state.replyReady(reply, isLast: isLast)
        case .send(let reply, let omittingBody, let persistence):
            let head = reply.encodedHead(date: HTTPDate.now(), persistence: persistence)
            guard try await transport.write(omittingBody ? [head] : [head] + reply.bodyPieces) else { return nil }
            onResponse(reply.status)
            // A client that sends one request after another, and reads fast, makes nobody wait: here the others have
            // their turn, and a shutdown its end.
            await Task.yield()
            let isLast = waits.isShuttingDown || Task.isCancelled
            return isLast ? state.linger(now: .now) : state.replySent(now: .now)
        case .endOutputAndRead(let deadline):
            try await transport.endOutput()
            return try await feed(&state, transport, until: deadline)
        case .close:
            return nil
        }
    }

    private func feed(
        _ state: inout HTTPConnectionState,
        _ transport: HTTPTransport,
        until deadline: ContinuousClock.Instant
    ) async throws -> HTTPConnectionState.Action {
        switch try await transport.read(until: deadline) {
        case .bytes(let bytes): state.received(bytes, now: .now)
        case .end: state.endOfInput()
        case .deadlinePassed: state.deadlinePassed()
        case .shuttingDown: state.shutDown()
        }
    }

    /// What has become of the TLS, or its absence, that a connection was made with.
    private enum Standing {
        case current
        /// It has been replaced: one more answer, then the client has to come again.
        case outdated
        /// It has been replaced by one that this client might not get through. It gets no answer; for the client that is
        /// the end of an idle connection, on which a GET may be tried again (RFC 9110, section 9.2.2).
        case void
    }

    private func standing(of context: TLSContext?) -> Standing {
        let newest = tls()
        if newest === context { return .current }
        guard let newest else { return .outdated }
        return context == nil || newest.asksForCertificates ? .void : .outdated
    }
}
