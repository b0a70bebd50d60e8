import FlyingSocks
import Glibc
import Synchronization

/// An accepted connection: its socket, which closes with it, and how long its client has kept the server waiting.
final class OpenConnection: Sendable {
    typealias Instant = ContinuousClock.Instant

    private enum Activity: Equatable {
        /// The client owes a whole request: it is idle, in the TLS handshake, or sends slowly.
        case awaitingRequest(since: Instant)
        /// A request is handled, or its answer is being written.
        case busy
        /// An answer is ready, and the client reads nothing of it.
        case awaitingReader(since: Instant)
    }

    private struct State {
        var activity: Activity
        var isDropped = false
        var isClosed = false
    }

    let socket: Socket
    private let state: Mutex<State>

    /// Takes the socket over; its client owes a request from now on.
    init(_ socket: Socket, now: Instant) {
        self.socket = socket
        state = Mutex(State(activity: .awaitingRequest(since: now)))
    }

    deinit {
        close()
    }

    /// Whether it was dropped; its descriptor may still be open.
    var isDropped: Bool { state.withLock(\.isDropped) }

    /// The last answer, if any, is sent: the client owes the next request.
    func awaitRequest(now: Instant) {
        state.withLock { $0.activity = .awaitingRequest(since: now) }
    }

    /// A whole request has arrived.
    func beginRequest() {
        state.withLock { $0.activity = .busy }
    }

    /// The kernel takes no more of an answer until the client reads.
    func awaitReader(now: Instant) {
        state.withLock { state in
            if state.activity == .busy { state.activity = .awaitingReader(since: now) }
        }
    }

    /// The client has read some of the answer.
    func resumeWriting() {
        state.withLock { state in
            if case .awaitingReader = state.activity { state.activity = .busy }
        }
    }

    /// Ends the connection that has waited for its client the longest, among those that may be ended.
    ///
    /// A connection that waits for a request may always be ended, one whose client reads nothing after `stallTimeout`,
    /// a busy one never.
    ///
    /// - Returns: The connection, whose task still has to notice the end and close it; nil if none may be ended.
    static func dropLongestWaiting(
        among connections: some Sequence<OpenConnection>,
        stallTimeout: Duration,
        now: Instant
    ) -> OpenConnection? {
        let waiting = connections.compactMap { connection in
            connection.waitingSince(stallTimeout: stallTimeout, now: now).map { (connection, $0) }
        }
        // The one that has waited the longest may have become busy meanwhile.
        return waiting.sorted { $0.1 < $1.1 }.first { $0.drop(ifWaitingSince: $1) }?.0
    }

    private func waitingSince(stallTimeout: Duration, now: Instant) -> Instant? {
        state.withLock { state in
            guard !state.isDropped else { return nil }
            switch state.activity {
            case .awaitingRequest(let since): return since
            case .busy: return nil
            case .awaitingReader(let since): return now - since >= stallTimeout ? since : nil
            }
        }
    }

    private func drop(ifWaitingSince since: Instant) -> Bool {
        state.withLock { state in
            guard !state.isClosed, !state.isDropped,
                state.activity == .awaitingRequest(since: since) || state.activity == .awaitingReader(since: since)
            else { return false }
            state.isDropped = true
            // Ends the wait for the socket; closing it is up to the task that waits.
            _ = shutdown(socket.file.rawValue, Int32(SHUT_RDWR))
            return true
        }
    }

    /// Closes the socket. A second call does nothing.
    func close() {
        state.withLock { state in
            guard !state.isClosed else { return }
            state.isClosed = true
            // Linux releases the descriptor even if close reports an error.
            try? socket.close()
        }
    }
}
