import Synchronization

/// The calls that took too long and were left behind: each holds a thread here and a worker of libvirtd until it
/// returns, so their number is watched and bounded.
public final class LeftBehindCalls: Sendable {
    /// So many calls may be left behind before no further call that can block is made (DESIGN.md, decision 4): libvirtd
    /// has 20 workers for everybody.
    public static let bound = 4

    private let number = Mutex(0)

    /// No calls left behind yet.
    public init() {}

    /// How many have not come back yet.
    public var count: Int { number.withLock { $0 } }

    /// Runs an operation that may block for ever, and waits for it until the deadline.
    ///
    /// An operation that is late is not stopped, for libvirt has no way to: it is left behind, and counted until it
    /// comes back; what it brings then is dropped.
    ///
    /// - Throws: what the operation throws; `DeadlineExceeded`; `CancellationError` when the waiting task is cancelled.
    func run<Value: Sendable>(
        until deadline: ContinuousClock.Instant? = nil,
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let race = Race<Value>()
        Task {
            let result: Result<Value, any Error>
            do { result = .success(try await operation()) } catch { result = .failure(error) }
            if !race.end(with: result) { number.withLock { $0 -= 1 } }
        }
        let giveUp = { @Sendable (reason: any Error) in
            // Counted first: between the two the operation may come back.
            self.number.withLock { $0 += 1 }
            if !race.end(with: .failure(reason)) { self.number.withLock { $0 -= 1 } }
        }
        let timer = deadline.map { deadline in
            Task {
                try await Task.sleep(until: deadline, clock: .continuous)
                giveUp(DeadlineExceeded())
            }
        }
        defer { timer?.cancel() }
        return try await withTaskCancellationHandler {
            try await race.result()
        } onCancel: {
            giveUp(CancellationError())
        }
    }
}

/// An operation took longer than its caller could wait; it is left behind.
struct DeadlineExceeded: Error {}

/// The first of several ends counts; the one who waits gets it.
private final class Race<Value: Sendable>: Sendable {
    private enum State {
        case running(waiting: CheckedContinuation<Value, any Error>?)
        case ended(Result<Value, any Error>)
    }

    private let state = Mutex(State.running(waiting: nil))

    /// Ends the race.
    ///
    /// - Returns: whether it was this end that counted.
    func end(with result: Result<Value, any Error>) -> Bool {
        let (counted, waiting) = state.withLock { state in
            guard case .running(let waiting) = state else {
                return (false, CheckedContinuation<Value, any Error>?.none)
            }
            state = .ended(result)
            return (true, waiting)
        }
        waiting?.resume(with: result)
        return counted
    }

    /// Waits for the end; to be called once.
    func result() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let ended: Result<Value, any Error>? = state.withLock { state in
                if case .ended(let result) = state { return result }
                state = .running(waiting: continuation)
                return nil
            }
            if let ended { continuation.resume(with: ended) }
        }
    }
}
