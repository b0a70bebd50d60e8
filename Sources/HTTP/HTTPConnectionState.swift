import HTTPTypes

/// What one connection has to do next after each event: a state machine without sockets, clock or tasks.
///
/// Each event answers the action before it and returns the next one. Requests are taken one at a time: nothing is read
/// while one is being answered, so that a client that pipelines is held back by its own full socket.
struct HTTPConnectionState {
    typealias Instant = ContinuousClock.Instant

    enum Action: Equatable {
        /// Read some bytes; then comes `received`, `endOfInput`, `deadlinePassed` or `shutDown`.
        case read(until: Instant)
        /// Have this request answered; then comes `replyReady`.
        case handle(HTTPRequest)
        /// Write this reply; then comes `replySent`.
        case send(HTTPReply, omittingBody: Bool, HTTPPersistence)
        /// Tell the client that nothing more comes, then go on as with `read`.
        case endOutputAndRead(until: Instant)
        case close
    }

    private enum Phase {
        /// Between two requests.
        case idle(until: Instant)
        /// A request has begun, or the connection has.
        case readingHead(until: Instant)
        case handling(HTTPRequest, HTTPPersistence)
        case sending(HTTPPersistence)
        /// Everything is written. Further input is dropped, because closing a socket with unread input makes the kernel
        /// reset the connection, and the client may lose a response it has not read (RFC 9112, section 9.6).
        case lingering(until: Instant, bytesLeft: Int)
        case closed
    }

    private let limits: HTTPServerLimits
    private var parser: HTTPRequestParser
    private var phase: Phase

    /// The state of a connection accepted now.
    init(limits: HTTPServerLimits, now: Instant) {
        self.limits = limits
        parser = HTTPRequestParser(limits: limits)
        phase = .readingHead(until: now + limits.requestHeadTimeout)
    }

    /// The first action of a connection to be served.
    mutating func start() -> Action {
        readOn()
    }

    /// The first action of a connection to a port with TLS whose client speaks HTTP without it.
    mutating func refusePlainHTTP() -> Action {
        // The text that Go's server sends.
        send(.badRequest("Client sent an HTTP request to an HTTPS server."), omittingBody: false, .close)
    }

    /// Nothing more will be written: the first action of a connection that has been refused already, and the last phase
    /// of others.
    mutating func linger(now: Instant) -> Action {
        let deadline = now + limits.lingerTimeout
        phase = .lingering(until: deadline, bytesLeft: limits.lingerBytes)
        return .endOutputAndRead(until: deadline)
    }

    mutating func received(_ bytes: [UInt8], now: Instant) -> Action {
        switch phase {
        case .idle:
            phase = .readingHead(until: now + limits.requestHeadTimeout)
            parser.append(bytes)
            return parse()
        case .readingHead:
            parser.append(bytes)
            return parse()
        case .lingering(let deadline, let bytesLeft):
            guard bytes.count < bytesLeft else { return close() }
            phase = .lingering(until: deadline, bytesLeft: bytesLeft - bytes.count)
            return readOn()
        case .handling, .sending, .closed:
            return close()
        }
    }

    /// The client sends no more, so that a request that is not complete never will be.
    mutating func endOfInput() -> Action {
        close()
    }

    mutating func deadlinePassed() -> Action {
        guard case .readingHead = phase else { return close() }
        return send(.plainText(.requestTimeout, "The request did not come in time."), omittingBody: false, .close)
    }

    /// The server shuts down, and this connection has no request under way.
    mutating func shutDown() -> Action {
        close()
    }

    mutating func replyReady(_ reply: HTTPReply, isLast: Bool) -> Action {
        guard case .handling(let request, let persistence) = phase else { return close() }
        return send(reply, omittingBody: request.method == .head, isLast ? .close : persistence)
    }

    mutating func replySent(now: Instant) -> Action {
        guard case .sending(let persistence) = phase else { return close() }
        if persistence == .close {
            return linger(now: now)
        }
        if parser.isInsideHead {
            phase = .readingHead(until: now + limits.requestHeadTimeout)
            return parse()
        }
        phase = .idle(until: now + limits.idleTimeout)
        return readOn()
    }

    private mutating func parse() -> Action {
        switch parser.next() {
        case .needMore:
            return readOn()
        case .request(let request, let persistence):
            phase = .handling(request, persistence)
            return .handle(request)
        case .refuse(let refusal, let persistence, let omittingBody):
            return send(refusal, omittingBody: omittingBody, persistence)
        }
    }

    private mutating func readOn() -> Action {
        switch phase {
        case .idle(let deadline), .readingHead(let deadline), .lingering(let deadline, _): .read(until: deadline)
        case .handling, .sending, .closed: close()
        }
    }

    private mutating func send(_ reply: HTTPReply, omittingBody: Bool, _ persistence: HTTPPersistence) -> Action {
        phase = .sending(persistence)
        return .send(reply, omittingBody: omittingBody, persistence)
    }

    private mutating func close() -> Action {
        phase = .closed
        return .close
    }
}
