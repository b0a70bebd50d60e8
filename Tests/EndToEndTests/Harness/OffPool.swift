import Foundation

/// Runs what blocks on a thread of its own: Swift's own pool has one thread a core, which all tests share, and which
/// Dispatch's global queues share with it.
func offPool<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result(catching: work)) }
    }
}
