import Testing

@testable import Collection

@Suite struct AdaptiveTimeoutTests {
    private let timeout = AdaptiveTimeout(shortest: .seconds(2))

    @Test func isTheShortestAtFirst() {
        #expect(timeout.duration(within: .seconds(10)) == .seconds(2))
    }

    @Test func isFourTimesWhatTheLastCallTook() {
        timeout.took(.seconds(1))
        #expect(timeout.duration(within: .seconds(10)) == .seconds(4))
        timeout.took(.milliseconds(1))
        #expect(timeout.duration(within: .seconds(10)) == .seconds(2))
    }

    @Test func leavesHalfOfTheTimeForAnotherAttempt() {
        #expect(timeout.duration(within: .seconds(1)) == .milliseconds(500))
        #expect(timeout.duration(within: .seconds(-1)) > .zero)
    }

    @Test func isLongerAfterACallThatTimedOutButNotForEver() {
        timeout.timedOut(after: .seconds(2))
        #expect(timeout.duration(within: .seconds(100)) == .seconds(8))
        timeout.timedOut(after: .seconds(8))
        #expect(timeout.duration(within: .seconds(100)) == .seconds(16))
    }
}
