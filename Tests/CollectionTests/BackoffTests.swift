import Testing

@testable import Collection

@Suite struct BackoffTests {
    @Test func eachWaitIsTwiceTheLastUpToFiveSeconds() {
        var backoff = Backoff()
        let delays = (0..<8).map { _ in backoff.delay(jitter: 0.5) }
        #expect(delays == [0.25, 0.5, 1, 2, 4, 5, 5, 5].map { .seconds($0) })
    }

    @Test(arguments: [(0.0, 0.75), (1.0, 1.25)])
    func jitterSpreadsAWaitByAQuarter(jitter: Double, factor: Double) {
        var backoff = Backoff()
        #expect(backoff.delay(jitter: jitter) == .seconds(0.25 * factor))
    }

    @Test func aSuccessStartsItAnew() {
        var backoff = Backoff()
        for _ in 0..<8 { _ = backoff.delay() }
        backoff.reset()
        #expect(backoff.delay(jitter: 0.5) == .milliseconds(250))
    }
}
