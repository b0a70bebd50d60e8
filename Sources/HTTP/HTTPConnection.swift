import FlyingSocks
import HTTPTypes
import Logging

/// Serves one connection: its transport, driven by its `HTTPConnectionState`.
struct HTTPConnection {
    let connection: OpenConnection
    let waits: SocketWaits
    let limits: HTTPServerLimits
    let tls: @Sendable () -> TLSContext?
    let logger: Logger
    let onResponse: @Sendable (HTTPResponse.Status) -> Void
    let handler: HTTPServer.Handler

    /// Serves the connection until it ends, and closes it.
    func run() async {
        let context = tls()
        var transport = HTTPTransport(connection: connection, waits: waits, limits: limits)
        defer { transport.close() }
        // A connection that fails has no client left to report it to.
        try? await serve(&transport, context)
    }

    private func serve(_ transport: inout HTTPTransport, _ context: TLSContext?) async throws {
        let accepted = ContinuousClock.now
        var state = HTTPConnectionState(limits: limits, now: accepted)
        var handshake = HTTPTransport.Handshake.complete
        if let context {
            // The handshake and the first request together have the time that a request has without TLS.
            handshake = try await transport.beginTLS(context, until: accepted + limits.requestHeadTimeout)
        }
        var action: HTTPConnectionState.Action
        switch handshake {
        case .complete:
            action = state.start()
        case .plainHTTP:
            action = state.refusePlainHTTP()
        case .failed(let error):
            // At debug level, because any client could fill the log with these.
            logger.debug(
                "TLS handshake failed",
                metadata: ["client": "\(connection.socket.peer)", "error": "\(error)"]
            )
            action = state.linger(now: .now)
        case .abandoned:
            return
        }
        while let next = try await perform(action, &state, transport, context) {
            action = next
        }
    }

    /// Carries an action out, and returns the next one, or nil after the last.
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
            guard validity(of: context) != .void else { return nil }
            connection.beginRequest()
            let reply = await handler(request)
            // The handler may have used a configuration that took effect since.
            let validity = validity(of: context)
            guard validity != .void else { return nil }
            let isLast = validity == .outdated || waits.isShuttingDown || Task.isCancelled
            return state.replyReady(reply, isLast: isLast)
        case .send(let reply, let omittingBody, let persistence):
            connection.beginRequest()
            reply.slot?.attach(to: connection)
            let head = reply.encodedHead(date: HTTPDate.now(), persistence: persistence)
            guard try await transport.write(omittingBody ? [head] : [head] + reply.bodyPieces) else { return nil }
            reply.slot?.release()
            connection.awaitRequest(now: .now)
            onResponse(reply.status)
            // A client that sends requests without a pause would otherwise keep this thread from other connections.
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

    /// Whether the TLS context that a connection was made with, or the lack of one, is still the server's.
    private enum Validity {
        case current
        /// It has been replaced: the client gets one more answer and then has to connect again.
        case outdated
        /// It has been replaced by one that might refuse this client, so the client gets no answer. It sees an idle
        /// connection end, after which a GET may be sent again (RFC 9110, section 9.2.2).
        case void
    }

    private func validity(of context: TLSContext?) -> Validity {
        let newest = tls()
        if newest === context { return .current }
        guard let newest else { return .outdated }
        return context == nil || newest.asksForCertificates ? .void : .outdated
    }
}
