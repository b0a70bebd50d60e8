import Testing

@testable import WebConfiguration

@Suite struct RateLimiterTests {
    @Test func aBurstIsLetThroughAndThenOneAnInterval() {
        var limiter = RateLimiter(RateLimit(interval: .seconds(1), burst: 3))
        let start = ContinuousClock.now
        let times = [0.0, 0, 0, 0, 0.9, 1, 1, 2, 2.5, 3.1, 60, 60, 60, 60]
        var allowed: [Bool] = []
        for time in times { allowed.append(limiter.allows(at: start + .seconds(time))) }
        #expect(allowed == [true, true, true, false, false, true, false, true, false, true, true, true, true, false])
    }

    @Test func aRefusedRequestTakesNoToken() {
        var limiter = RateLimiter(RateLimit(interval: .seconds(1), burst: 1))
        let start = ContinuousClock.now
        let first = limiter.allows(at: start)
        for _ in 0..<1000 { _ = limiter.allows(at: start + .milliseconds(500)) }
        let next = limiter.allows(at: start + .seconds(1))
        #expect(first && next)
    }
}
