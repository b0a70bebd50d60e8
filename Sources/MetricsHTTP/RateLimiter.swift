/// Lets so many requests through as a `RateLimit` says, as a bucket of tokens would.
struct RateLimiter {
    let limit: RateLimit
    /// When the bucket will be full again. Each request puts it off by one interval.
    private var fullAt: ContinuousClock.Instant?

    init(_ limit: RateLimit) {
        self.limit = limit
    }

    /// Takes a token, and says whether there was one.
    mutating func allows(at now: ContinuousClock.Instant) -> Bool {
        let start = max(fullAt ?? now, now)
        guard now.duration(to: start) <= limit.interval * (limit.burst - 1) else { return false }
        fullAt = start + limit.interval
        return true
    }
}
