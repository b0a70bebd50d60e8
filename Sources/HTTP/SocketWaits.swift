import FlyingSocks
import Synchronization

/// The tasks that wait for a socket, so that a deadline or a shutdown can end the wait without ending the task.
///
/// A wait is over only when the pool has let go of its descriptor, so that the descriptor may be closed then: the pool
/// would mistake one that it still watches for the next one of the same number.
final class SocketWaits: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Outcome {
        /// The socket is ready, or broken; the next read or write finds out which.
        case ready
        case deadlinePassed
        case shuttingDown
    }

    private struct Wait {
        var deadline: Instant?
        var endsAtShutdown: Bool
        var suspension: Task<Void, any Error>
        var ending: Outcome?

        mutating func end(_ outcome: Outcome) {
            guard ending == nil else { return }
            ending = outcome
            suspension.cancel()
        }
    }

    private struct State {
        var waits: [Int: Wait] = [:]
        var nextID = 0
        var isShuttingDown = false
    }

    private let pool: SocketPool<ePoll>
    private let state = Mutex(State())

    init(pool: SocketPool<ePoll>) {
        self.pool = pool
    }

    var isShuttingDown: Bool { state.withLock(\.isShuttingDown) }

    /// Ends every wait that ends at shutdown, now and from now on.
    func shutDown() {
        state.withLock { state in
            state.isShuttingDown = true
            for id in state.waits.keys where state.waits[id]?.endsAtShutdown == true {
                state.waits[id]?.end(.shuttingDown)
            }
        }
    }

    /// Waits until the socket is ready, or the deadline has passed, or a shutdown has begun.
    ///
    /// - Throws: What the pool throws; `CancellationError` if the task is cancelled.
    func wait(
        for socket: Socket,
        _ events: Socket.Events,
        until deadline: Instant? = nil,
        endsAtShutdown: Bool
    ) async throws -> Outcome {
        if let deadline, deadline <= .now { return .deadlinePassed }
        // A task of its own, because only cancelling it makes the pool let go, and this task has to go on.
        let suspension = Task { [pool] in try await pool.suspendSocket(socket, untilReadyFor: events) }
        let id = state.withLock { state in
            var wait = Wait(deadline: deadline, endsAtShutdown: endsAtShutdown, suspension: suspension)
            if endsAtShutdown && state.isShuttingDown { wait.end(.shuttingDown) }
            state.nextID += 1
            state.waits[state.nextID] = wait
            return state.nextID
        }
        let result = await withTaskCancellationHandler {
            await suspension.result
        } onCancel: {
            suspension.cancel()
        }
        let ending = state.withLock { $0.waits.removeValue(forKey: id)?.ending }
        switch result {
        case .success, .failure(SocketError.disconnected):
            return .ready
        case .failure(let error):
            guard let ending else { throw error }
            return ending
        }
    }

    /// Ends overdue waits until the task is cancelled.
    ///
    /// - Throws: `CancellationError`.
    func endOverdueWaits(every interval: Duration) async throws {
        while true {
            try await Task.sleep(for: interval)
            let now = Instant.now
            state.withLock { state in
                for (id, wait) in state.waits {
                    guard let deadline = wait.deadline, deadline <= now else { continue }
                    state.waits[id]?.end(.deadlinePassed)
                }
            }
        }
    }
}
