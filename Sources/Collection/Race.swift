import Synchronization

/// The first of several ends counts; the one who waits gets it.
final class Race<Value: Sendable>: Sendable {
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
