/// How long a call may take before it is left behind: well above what it took the last time.
struct Patience: Sendable {
    /// No shorter time counts: whoever was quick once may be slower the next time.
    private static let shortest = Duration.seconds(2)

    private var last = Duration.zero

    /// The patience within this time: no more than half of it, so that another attempt can follow.
    func duration(within time: Duration) -> Duration {
        min(max(Self.shortest, last * 4), time / 2)
    }

    /// It took so long.
    mutating func took(_ duration: Duration) {
        last = duration
    }

    /// So long was too short.
    mutating func ranOut(after duration: Duration) {
        last = max(last, duration)
    }
}
