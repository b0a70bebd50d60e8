import COpenSSL
import FlyingSocks

/// The bytes of one connection, in and out, with TLS or without.
struct HTTPTransport {
    typealias Instant = ContinuousClock.Instant

    enum Input {
        case bytes([UInt8])
        case end
        case deadlinePassed
        case shuttingDown
    }

    /// How a TLS handshake ended.
    enum Handshake {
        case complete
        /// The client speaks HTTP without TLS; the transport is without TLS now.
        case plainHTTP
        /// The client was sent the reason; the transport is without TLS now.
        case failed(TLSError)
        /// The client is gone, or was too slow.
        case abandoned
    }

    private static let bytesPerRead = 4096
    /// The size of a TLS record (RFC 8446, section 5.1).
    private static let bytesPerRecord = 16 * 1024

    private let connection: OpenConnection
    private let waits: SocketWaits
    private let limits: HTTPServerLimits
    private var session: TLSSession?

    /// A transport without TLS yet.
    init(connection: OpenConnection, waits: SocketWaits, limits: HTTPServerLimits) {
        self.connection = connection
        self.waits = waits
        self.limits = limits
    }

    /// Performs the handshake; after `complete`, the transport uses TLS.
    mutating func beginTLS(_ context: TLSContext, until deadline: Instant) async throws -> Handshake {
        let session = try TLSSession(context)
        self.session = session
        do {
            while try !session.handshake() {
                guard try await flush(session), case .bytes(let bytes) = try await receive(until: deadline) else {
                    return .abandoned
                }
                session.receive(bytes)
                // Without a pause in the client's bytes nothing waits, and no wait sees the deadline.
                guard .now < deadline else { return .abandoned }
            }
            return try await flush(session) ? .complete : .abandoned
        } catch let error as TLSError {
            guard try await flush(session) else { return .abandoned }
            self.session = nil
            let isHTTP = error.library == ERR_LIB_SSL && error.reason == SSL_R_HTTP_REQUEST
            return isHTTP ? .plainHTTP : .failed(error)
        }
    }

    /// What the client sends next.
    func read(until deadline: Instant) async throws -> Input {
        guard let session else { return try await receive(until: deadline) }
        while true {
            switch try session.read() {
            case .bytes(let bytes):
                return .bytes(bytes)
            case .end:
                return .end
            case .needsMore:
                guard try await flush(session) else { return .end }
            }
            let input = try await receive(until: deadline)
            guard case .bytes(let bytes) = input else { return input }
            session.receive(bytes)
            // A client may send records without plaintext and without a pause, so that no wait sees the deadline, the
            // shutdown or other tasks.
            guard .now < deadline else { return .deadlinePassed }
            guard !waits.isShuttingDown, !Task.isCancelled else { return .shuttingDown }
            await Task.yield()
        }
    }

    /// Writes everything; returns false where the client reads nothing, or too slowly, for too long.
    func write(_ pieces: [[UInt8]]) async throws -> Bool {
        let end = ContinuousClock.now + limits.responseTimeout
        let pieces = pieces.filter { !$0.isEmpty }
        for (index, piece) in pieces.enumerated() {
            let isLast = index == pieces.count - 1
            let isSent =
                if let session {
                    try await write(piece, by: session, isLast: isLast, until: end)
                } else {
                    try await send(piece, isLast: isLast, until: end)
                }
            guard isSent else { return false }
        }
        return true
    }

    private func write(
        _ piece: [UInt8],
        by session: TLSSession,
        isLast: Bool,
        until end: Instant
    ) async throws -> Bool {
        var start = 0
        while start < piece.count {
            // Record by record, so that no more than one of them is in memory.
            let next = min(start + Self.bytesPerRecord, piece.count)
            try session.write(piece[start..<next])
            guard try await send(session.takeOutput(), isLast: isLast && next == piece.count, until: end) else {
                return false
            }
            start = next
        }
        return true
    }

    /// Tells the client that nothing more comes.
    func endOutput() async throws {
        if let session {
            session.end()
            guard try await flush(session) else { return }
        }
        connection.socket.endOutput()
    }

    /// Closes the connection. With TLS the client is told, unless that would block.
    func close() {
        if let session {
            session.end()
            _ = try? connection.socket.write(session.takeOutput(), from: 0, moreFollows: false)
        }
        connection.close()
    }

    private func flush(_ session: TLSSession) async throws -> Bool {
        try await send(session.takeOutput(), isLast: true, until: .now + limits.responseTimeout)
    }

    private func receive(until deadline: Instant) async throws -> Input {
        while true {
            do {
                return .bytes(try connection.socket.read(atMost: Self.bytesPerRead))
            } catch SocketError.disconnected {
                return .end
            } catch SocketError.blocked {
                switch try await waits.wait(for: connection.socket, .read, until: deadline, endsAtShutdown: true) {
                case .ready: continue
                case .deadlinePassed: return .deadlinePassed
                case .shuttingDown: return .shuttingDown
                }
            }
        }
    }

    /// Sends everything, at once as far as the kernel takes it.
    private func send(_ bytes: [UInt8], isLast: Bool, until end: Instant) async throws -> Bool {
        var sent = 0
        while sent < bytes.count {
            do {
                sent = try connection.socket.write(bytes, from: sent, moreFollows: !isLast)
            } catch SocketError.blocked {
                let now = ContinuousClock.now
                connection.awaitReader(now: now)
                let deadline = min(now + limits.writeTimeout, end)
                guard
                    try await waits.wait(for: connection.socket, .write, until: deadline, endsAtShutdown: false)
                        == .ready
                else { return false }
                connection.resumeWriting()
            }
        }
        return true
    }
}
