import FlyingSocks
import Glibc
import HTTPTypes
import Logging
import Synchronization

/// An HTTP/1.1 server for GET and HEAD without a body, on TCP and Unix sockets, with TLS or without.
///
/// It listens from the moment it is made, and answers while `run()` runs. What no handler should see it refuses
/// itself: other methods (405), requests with a body (413), malformed ones (400), large ones (414, 431), slow ones
/// (408), other versions of HTTP (505), and connections beyond the limit (503).
public final class HTTPServer: Sendable {
    /// Answers one request, which comes from there. HEAD is answered as GET; the server leaves the body out.
    public typealias Handler = @Sendable (HTTPRequest, ClientNetwork) async -> HTTPReply

    /// Where it listens, with the ports the kernel chose in place of port 0.
    public let boundAddresses: [ListenAddress]

    private let limits: HTTPServerLimits
    private let tls: @Sendable () -> TLSContext?
    private let logger: Logger
    private let onResponse: @Sendable (HTTPResponse.Status) -> Void
    private let handler: Handler
    private let pool: SocketPool<ePoll>
    let waits: SocketWaits
    private let unusedListeners: Mutex<[Listener]>
    private let connections: Mutex<Connections>

    private struct Connections {
        var served: FairShares
        var refused = 0
    }

    private static let eventsPerWait = 256
    private static let pauseAfterFailedAccept: Duration = .milliseconds(100)

    /// Makes a server and has it listen. Host names are looked up, which blocks.
    ///
    /// - Parameters:
    ///   - addresses: Where to listen. If one of them cannot be had, none stays open.
    ///   - unixSocketMode: The permissions of Unix sockets.
    ///   - limits: What clients may take up.
    ///   - tls: Is asked at each connection what TLS it is to have, if any, and at each request whether that still holds;
    ///     it has to give the same object until something has changed. Once it gives another, a connection made before
    ///     ends: after the next answer, or without one where the new context asks clients who they are.
    ///   - logger: Is told when accepting fails, and when it works again; at debug level, of handshakes that fail.
    ///   - onResponse: Is called with the status of each response once it is sent, refusals included.
    ///   - handler: Answers the requests, many at a time.
    /// - Throws: `ListenError` for the first address that cannot be listened on.
    public init(
        listeningOn addresses: [ListenAddress],
        unixSocketMode: UInt32 = 0o660,
        limits: HTTPServerLimits = HTTPServerLimits(),
        tls: @escaping @Sendable () -> TLSContext? = { nil },
        logger: Logger,
        onResponse: @escaping @Sendable (HTTPResponse.Status) -> Void = { _ in },
        handler: @escaping Handler
    ) throws(ListenError) {
        // Those opened before one that fails close as they are let go.
        var listeners: [Listener] = []
        for address in addresses {
            listeners.append(try Listener.open(address, unixSocketMode: unixSocketMode))
        }
        boundAddresses = listeners.map(\.address)
        unusedListeners = Mutex(listeners)
        pool = .ePoll(maxEvents: Self.eventsPerWait)
        waits = SocketWaits(pool: pool)
        self.limits = limits
        let shares = FairShares(bound: limits.maximumConnections, ofNetwork: limits.maximumConnectionsOfNetwork)
        connections = Mutex(Connections(served: shares))
        self.tls = tls
        self.logger = logger
        self.onResponse = onResponse
        self.handler = handler
    }

    /// Answers requests until `shutDownGracefully()` is called and the requests under way are answered. It can run once.
    ///
    /// - Throws: `CancellationError` if the task is cancelled, which closes every connection as soon as its handler
    ///   returns; what epoll fails with, if it does.
    public func run() async throws {
        // A client that goes away while it is written to is an error of that write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let listeners = unusedListeners.withLock { listeners in
            defer { listeners = [] }
            return listeners
        }
        try await pool.prepare()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.pool.run() }
            group.addTask { try await self.waits.endOverdueWaits(every: self.limits.sweepInterval) }
            group.addTask { await self.serve(listeners) }
            do {
                // The first two never return: either all is served, or one of them fails and ends the rest.
                try await group.next()
            } catch {
                // The pool does not always call a cancellation by its name.
                try Task.checkCancellation()
                throw error
            }
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
    }

    /// Stops listening, closes the connections that have no request under way, and lets `run()` return once the others
    /// are answered.
    public func shutDownGracefully() {
        waits.shutDown()
    }

    private func serve(_ listeners: [Listener]) async {
        await withDiscardingTaskGroup { group in
            for listener in listeners {
                group.addTask { await self.acceptConnections(listener) }
            }
        }
    }

    private func acceptConnections(_ listener: Listener) async {
        await withDiscardingTaskGroup { group in
            var isFailing = false
            while !Task.isCancelled && !waits.isShuttingDown {
                do {
                    let connection = try nextConnection(listener)
                    if isFailing {
                        logger.info("accepting connections again", metadata: ["address": "\(listener.address)"])
                        isFailing = false
                    }
                    if let (socket, network) = connection {
                        serve(socket, from: network, in: &group)
                        // Where connections never stop coming nobody waits: here the others have their turn.
                        await Task.yield()
                    } else {
                        _ = try await waits.wait(for: listener.socket, .read, endsAtShutdown: true)
                    }
                } catch  where !Task.isCancelled {
                    if !isFailing {
                        let reason =
                            if case SocketError.failed(_, _, let message) = error { message } else { "\(error)" }
                        logger.error(
                            "cannot accept connections",
                            metadata: ["address": "\(listener.address)", "error": "\(reason)"]
                        )
                        isFailing = true
                    }
                    // What cannot be accepted stays in the queue, so that without a pause this would spin. A pause cut
                    // short by cancellation ends the loop. Pausing takes no descriptor: Dispatch has one for its timers
                    // since the deadlines are watched.
                    try? await Task.sleep(for: Self.pauseAfterFailedAccept)
                } catch {
                    break
                }
            }
            // Before the connections are waited for, so that new clients learn at once that nobody is there.
            listener.close()
        }
    }

    /// A connection from the listener's queue, and where it comes from, or nil if there is none.
    private func nextConnection(_ listener: Listener) throws -> (Socket, ClientNetwork)? {
        do {
            let (file, address) = try listener.socket.accept()
            let socket = Socket(file: file)
            try socket.setFlags(.nonBlocking)
            socket.sendWithoutDelay()
            return (socket, ClientNetwork(address))
        } catch SocketError.blocked {
            return nil
        } catch SocketError.failed(_, ECONNABORTED, _), SocketError.failed(_, EINTR, _) {
            // The client has gone already, or a signal came: neither says anything about the next connection.
            return nil
        }
    }

    private func serve(_ socket: Socket, from network: ClientNetwork, in group: inout DiscardingTaskGroup) {
        let isOverload: Bool? = connections.withLock { connections in
            if connections.served.take(for: network) { return false }
            if connections.refused < limits.maximumRefusedConnections {
                connections.refused += 1
                return true
            }
            return nil
        }
        guard let isOverload else {
            // Linux releases the descriptor even if close reports an error.
            try? socket.close()
            return
        }
        let connection = HTTPConnection(
            socket: socket,
            network: network,
            waits: waits,
            limits: limits,
            tls: tls,
            logger: logger,
            onResponse: onResponse,
            handler: handler
        )
        group.addTask {
            await connection.run(isOverload: isOverload)
            self.connections.withLock { connections in
                if isOverload { connections.refused -= 1 } else { connections.served.giveBack(network) }
            }
        }
    }
}
