import Dispatch

/// Runs what blocks on a thread that may block: Swift's own pool has one thread a core, which all tests share.
func offPool<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async {
            continuation.resume(with: Swift.Result(catching: work))
        }
    }
}
