import Testing

@testable import GuestMemory

@Suite struct SilenceTests {
    private let start = SuspendingClock.now

    private func after(_ seconds: Int) -> SuspendingClock.Instant { start + .seconds(seconds) }

    @Test func atFirstTheAgeOfTheLastAnswerIsBelieved() {
        let silence = Silence(lastUpdate: 1000, couldAnswer: true, now: start, wall: 1040)
        #expect(silence.duration(at: start) == .seconds(40))
        #expect(silence.duration(at: after(5)) == .seconds(45))
    }

    @Test func anAnswerEndsIt() {
        var silence = Silence(lastUpdate: 1000, couldAnswer: true, now: start, wall: 1040)
        silence.look(lastUpdate: 1045, couldAnswer: true, now: after(5))
        #expect(silence.duration(at: after(5)) == .zero)
        silence.look(lastUpdate: 1045, couldAnswer: true, now: after(12))
        #expect(silence.duration(at: after(12)) == .seconds(7))
    }

    @Test func aClockThatJumpsMakesNoSilence() {
        var silence = Silence(lastUpdate: 1000, couldAnswer: true, now: start, wall: 1001)
        // The wall clock goes an hour forward, then two back: each answer is still an answer.
        silence.look(lastUpdate: 4610, couldAnswer: true, now: after(10))
        #expect(silence.duration(at: after(10)) == .zero)
        silence.look(lastUpdate: 10, couldAnswer: true, now: after(20))
        #expect(silence.duration(at: after(29)) == .seconds(9))
    }

    @Test func anAnswerFromTheFutureIsOfNow() {
        #expect(Silence(lastUpdate: 9000, couldAnswer: true, now: start, wall: 1000).duration(at: start) == .zero)
    }

    @Test func timeInWhichTheGuestCouldNotAnswerDoesNotCount() {
        var silence = Silence(lastUpdate: 1000, couldAnswer: true, now: start, wall: 1000)
        silence.look(lastUpdate: 1000, couldAnswer: false, now: after(3600))
        #expect(silence.duration(at: after(3600)) == .zero)
        silence.look(lastUpdate: 1000, couldAnswer: true, now: after(3620))
        #expect(silence.duration(at: after(3620)) == .seconds(20))
        #expect(Silence(lastUpdate: 1, couldAnswer: false, now: start, wall: 1000).duration(at: start) == .zero)
    }
}
