import Synchronization

/// The timeout of one kind of call: well above what such a call took the last time.
final class AdaptiveTimeout: Sendable {
    private let shortest: Duration
    private let last = Mutex(Duration.zero)

    /// - Parameter shortest: no shorter timeout is given, however quick the last call was.
    init(shortest: Duration) {
        self.shortest = shortest
    }

    /// The timeout, at most half of the time that is left, so that another attempt can follow.
    func duration(within time: Duration) -> Duration {
        min(max(shortest, last.withLock { $0 } * 4), max(time / 2, .milliseconds(1)))
    }

    /// A call returned after so long.
    func took(_ duration: Duration) {
        last.withLock { $0 = duration }
    }

    /// A call timed out after so long though the hypervisor answers others.
    func timedOut(after duration: Duration) {
        last.withLock { $0 = max($0, min(duration, shortest * 2)) }
    }
}
