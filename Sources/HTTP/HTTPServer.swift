import FlyingSocks
import Glibc
import HTTPTypes
import Logging
import Synchronization

/// An HTTP/1.1 server for GET and HEAD without a body, on TCP and Unix sockets, with TLS or without.
///
/// It listens from the moment it is made, and answers while `run()` runs. It refuses by itself what no handler should
/// see: other methods (405), requests with a body (413), malformed ones (400), large ones (414, 431), slow ones (408),
/// and other versions of HTTP (505).
package final class HTTPServer: Sendable {
    /// Answers one request. HEAD is answered as GET; the server leaves the body out.
    package typealias Handler = @Sendable (HTTPRequest) async -> HTTPReply

    /// Where it listens, with the ports the kernel chose in place of port 0.
    package let boundAddresses: [ListenAddress]

    private let limits: HTTPServerLimits
    private let tls: @Sendable () -> TLSContext?
    private let logger: Logger
    private let onResponse: @Sendable (HTTPResponse.Status) -> Void
    private let handler: Handler
    private let pool: SocketPool<ePoll>
    private let waits: SocketWaits
    private let unusedListeners: Mutex<[Listener]>
    private let connections = Mutex<[ObjectIdentifier: OpenConnection]>([:])

    private static let eventsPerWait = 256
    private static let pauseAfterFailedAccept: Duration = .milliseconds(100)
    private static let pauseAtBound: Duration = .milliseconds(10)

    /// Makes a server and has it listen. Host names are looked up, which blocks.
    ///
    /// - Parameters:
    ///   - addresses: Where to listen. If one of them cannot be used, none stays open.
    ///   - unixSocketMode: The permissions of Unix sockets.
    ///   - limits: What clients may take up.
    ///   - tls: Returns the TLS to serve, nil for none; it is called at each connection and each request and has to return
    ///     the same object until something has changed. Once it returns another, older connections end: after the next
    ///     answer, or without one where the new context asks clients for certificates.
    ///   - logger: Receives one line when accepting fails and one when it works again; at debug level, failed handshakes.
    ///   - onResponse: Is called with the status of each response once it is sent, refusals included.
    ///   - handler: Answers the requests, many at a time.
    /// - Throws: `ListenError` for the first address that cannot be listened on.
    package init(
        listeningOn addresses: [ListenAddress],
        unixSocketMode: UInt32 = 0o660,
        limits: HTTPServerLimits = HTTPServerLimits(),
        tls: @escaping @Sendable () -> TLSContext? = { nil },
        logger: Logger,
        onResponse: @escaping @Sendable (HTTPResponse.Status) -> Void = { _ in },
        handler: @escaping Handler
    ) throws(ListenError) {
        // Those opened before one that fails close when the array is released.
        var listeners: [Listener] = []
        for address in addresses {
            listeners.append(try Listener.open(address, unixSocketMode: unixSocketMode))
        }
        boundAddresses = listeners.map(\.address)
        unusedListeners = Mutex(listeners)
        pool = .ePoll(maxEvents: Self.eventsPerWait)
        waits = SocketWaits(pool: pool)
        self.limits = limits
        self.tls = tls
        self.logger = logger
        self.onResponse = onResponse
        self.handler = handler
    }

    /// Answers requests until `shutDownGracefully()` is called and the requests under way are answered. It can run once.
    ///
    /// - Throws: `CancellationError` if the task is cancelled, which closes every connection as soon as its handler
    ///   returns; what epoll fails with, if it does.
    package func run() async throws {
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
                // The pool does not always report a cancellation as one.
                try Task.checkCancellation()
                throw error
            }
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
    }

    /// Stops listening, closes the connections that have no request under way, and lets `run()` return once the others
    /// are answered.
    package func shutDownGracefully() {
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
                    guard let connection = try nextConnection(listener) else {
                        _ = try await waits.wait(for: listener.socket, .read, endsAtShutdown: true)
                        continue
                    }
                    if isFailing {
                        logger.info("accepting connections again", metadata: ["address": "\(listener.address)"])
                        isFailing = false
                    }
                    try await admit(connection)
                    group.addTask { await self.serve(connection) }
                    // Where connections come without a pause nothing waits: other tasks get their turn here.
                    await Task.yield()
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
                    // The connection stays in the queue, so that without a pause this would spin. A pause cut short by
                    // cancellation ends the loop. Pausing takes no descriptor: Dispatch has had one for its timers
                    // since the deadlines are watched.
                    try? await Task.sleep(for: Self.pauseAfterFailedAccept)
                } catch {
                    break
                }
            }
            // Before the connections are waited for, so that new clients are refused at once.
            listener.close()
        }
    }

    /// A connection from the listener's queue, or nil if there is none.
    private func nextConnection(_ listener: Listener) throws -> OpenConnection? {
        do {
            let socket = Socket(file: try listener.socket.accept().file)
            try socket.setFlags(.nonBlocking)
            socket.sendWithoutDelay()
            return OpenConnection(socket, now: .now)
        } catch SocketError.blocked {
            return nil
        } catch SocketError.failed(_, ECONNABORTED, _), SocketError.failed(_, EINTR, _) {
            // The client has gone already, or a signal came: the next connection may work.
            return nil
        }
    }

    /// Counts a new connection among the open ones. At the bound it ends the one that has waited for its client the
    /// longest; while all are busy, it waits, and further clients wait in the kernel's queue.
    private func admit(_ connection: OpenConnection) async throws {
        while !waits.isShuttingDown, !connections.withLock({ admit(connection, to: &$0) }) {
            try await Task.sleep(for: Self.pauseAtBound)
        }
    }

    private func admit(_ connection: OpenConnection, to open: inout [ObjectIdentifier: OpenConnection]) -> Bool {
        // Those that were dropped have their descriptors until their tasks have noticed.
        guard open.count < limits.maximumOpenConnections else { return false }
        if open.count >= limits.maximumConnections {
            let live = open.values.filter { !$0.isDropped }
            if live.count >= limits.maximumConnections {
                let dropped = OpenConnection.dropLongestWaiting(
                    among: live,
                    stallTimeout: limits.stallTimeout,
                    now: .now
                )
                guard dropped != nil else { return false }
            }
        }
        open[ObjectIdentifier(connection)] = connection
        return true
    }

    private func serve(_ connection: OpenConnection) async {
        await HTTPConnection(
            connection: connection,
            waits: waits,
            limits: limits,
            tls: tls,
            logger: logger,
            onResponse: onResponse,
            handler: handler
        ).run()
        connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }
}
