import Testing

@testable import GuestMemory

@Suite struct PatienceTests {
    private var patience = Patience()

    @Test func atFirstItIsTwoSeconds() {
        #expect(patience.duration(within: .seconds(9)) == .seconds(2))
    }

    @Test mutating func itIsFourTimesWhatItTookLastTimeAndTwoSecondsAtLeast() {
        patience.took(.seconds(1))
        #expect(patience.duration(within: .seconds(100)) == .seconds(4))
        patience.took(.milliseconds(3))
        #expect(patience.duration(within: .seconds(100)) == .seconds(2))
    }

    @Test mutating func anotherAttemptCanAlwaysFollow() {
        #expect(patience.duration(within: .seconds(3)) == .seconds(1.5))
        patience.took(.seconds(3))
        #expect(patience.duration(within: .seconds(9)) == .seconds(4.5))
    }

    @Test mutating func whatRanOutIsGivenMoreTheNextTime() {
        patience.ranOut(after: .seconds(2))
        #expect(patience.duration(within: .seconds(100)) == .seconds(8))
        patience.took(.seconds(3))
        patience.ranOut(after: .seconds(2))
        #expect(patience.duration(within: .seconds(100)) == .seconds(12))
    }
}
