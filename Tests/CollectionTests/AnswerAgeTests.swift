import Testing

@testable import Collection

@Suite struct AnswerAgeTests {
    private let start = Duration.seconds(7)

    private func after(_ seconds: Int) -> Duration { start + .seconds(seconds) }

    @Test func atFirstTheAgeOfTheLastAnswerIsBelieved() {
        let age = AnswerAge(lastUpdate: 1000, couldAnswer: true, now: start, wall: 1040)
        #expect(age.duration(at: start) == .seconds(40))
        #expect(age.duration(at: after(5)) == .seconds(45))
    }

    @Test func anAnswerEndsIt() {
        var age = AnswerAge(lastUpdate: 1000, couldAnswer: true, now: start, wall: 1040)
        age.look(lastUpdate: 1045, couldAnswer: true, now: after(5))
        #expect(age.duration(at: after(5)) == .zero)
        age.look(lastUpdate: 1045, couldAnswer: true, now: after(12))
        #expect(age.duration(at: after(12)) == .seconds(7))
    }

    @Test func aClockThatJumpsMakesNoAnswerAge() {
        var age = AnswerAge(lastUpdate: 1000, couldAnswer: true, now: start, wall: 1001)
        // The wall clock goes an hour forward, then two back: each answer is still an answer.
        age.look(lastUpdate: 4610, couldAnswer: true, now: after(10))
        #expect(age.duration(at: after(10)) == .zero)
        age.look(lastUpdate: 10, couldAnswer: true, now: after(20))
        #expect(age.duration(at: after(29)) == .seconds(9))
    }

    @Test func anAnswerFromTheFutureIsOfNow() {
        #expect(AnswerAge(lastUpdate: 9000, couldAnswer: true, now: start, wall: 1000).duration(at: start) == .zero)
    }

    @Test func timeInWhichTheGuestCouldNotAnswerDoesNotCount() {
        var age = AnswerAge(lastUpdate: 1000, couldAnswer: true, now: start, wall: 1000)
        age.look(lastUpdate: 1000, couldAnswer: false, now: after(3600))
        #expect(age.duration(at: after(3600)) == .zero)
        age.look(lastUpdate: 1000, couldAnswer: true, now: after(3620))
        #expect(age.duration(at: after(3620)) == .seconds(20))
        #expect(AnswerAge(lastUpdate: 1, couldAnswer: false, now: start, wall: 1000).duration(at: start) == .zero)
    }
}
