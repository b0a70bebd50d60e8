import Libvirt
import Testing

@testable import GuestMemory

@Suite struct JudgeTests {
    private let start = SuspendingClock.now
    private let driver = HypervisorDriver(named: "QEMU")

    private func sample(
        lastUpdate: UInt64?,
        state: DomainState = .running,
        monitor: ControlInfo? = nil,
        number: UInt8 = 1
    ) -> DomainSample {
        var statistics = MemoryStatistics()
        statistics.actualBalloon = Kibibytes(2)
        // Where another call holds the monitor QEMU's driver has nothing more to say.
        if let lastUpdate {
            statistics.lastUpdate = lastUpdate
            statistics.usable = Kibibytes(1)
            statistics.rss = Kibibytes(3)
        }
        return DomainSample(
            id: DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: number, count: 16))!, name: "guest"),
            state: state,
            info: nil,
            statistics: statistics,
            known: KnownDomain(
                name: "guest",
                configuration: DomainConfiguration(balloon: .init(model: "virtio"), statsPeriod: 10)
            ),
            monitor: monitor
        )
    }

    /// The status of a guest so many seconds after the start, by a wall clock that began at 1000.
    private func status(_ judge: inout Judge, _ sample: DomainSample, at second: Int) -> StatisticsStatus? {
        judge.judge(
            [sample],
            of: driver,
            wereAsked: true,
            now: start + .seconds(second),
            wall: 1000 + Double(second)
        ).first?.status
    }

    @Test func aFleetIsNotStaleAfterTheHostsClockJumped() {
        var judge = Judge()
        let samples = (1...3).map { sample(lastUpdate: 1000, number: $0) }
        #expect(
            judge.judge(samples, of: driver, wereAsked: true, now: start, wall: 1001).map(\.status) == [.ok, .ok, .ok]
        )
        let later = judge.judge(samples, of: driver, wereAsked: true, now: start + .seconds(9), wall: 90_000)
        #expect(later.map(\.status) == [.ok, .ok, .ok])
    }

    @Test func aDriverThatStopsAnsweringBecomesStale() {
        var judge = Judge()
        var statuses: [StatisticsStatus?] = []
        for second in stride(from: 0, through: 40, by: 10) {
            statuses.append(status(&judge, sample(lastUpdate: 1000), at: second))
        }
        #expect(statuses == [.ok, .ok, .ok, .ok, .stale])
    }

    @Test(arguments: [DomainState.crashed, .shutdown, .nostate, .blocked])
    func aGuestThatCrashedOrIsInNoStateBecomesStaleLikeOneThatRuns(state: DomainState) {
        var judge = Judge()
        var statuses: [StatisticsStatus?] = []
        for second in stride(from: 0, through: 40, by: 10) {
            statuses.append(status(&judge, sample(lastUpdate: 1000, state: state), at: second))
        }
        #expect(statuses == [.ok, .ok, .ok, .ok, .stale])
        #expect(status(&judge, sample(lastUpdate: nil, state: state), at: 50) == .stale)
        #expect(status(&judge, sample(lastUpdate: 1000, state: state), at: 60) == .stale)
    }

    @Test func aThawedGuestHasTimeToAnswerAgain() {
        var judge = Judge()
        let stuck = ControlInfo(state: .occupied, milliseconds: 5000)
        #expect(status(&judge, sample(lastUpdate: 1000), at: 0) == .ok)
        #expect(status(&judge, sample(lastUpdate: nil, monitor: stuck), at: 600) == .unresponsive)
        #expect(status(&judge, sample(lastUpdate: 1000), at: 610) == .ok)
        #expect(status(&judge, sample(lastUpdate: 1610), at: 620) == .ok)
    }

    @Test func aResumedGuestHasTimeToAnswerAgain() {
        var judge = Judge()
        #expect(status(&judge, sample(lastUpdate: 1000, state: .paused), at: 900) == .paused)
        #expect(status(&judge, sample(lastUpdate: 1000), at: 910) == .ok)
    }

    @Test func aDomainWhoseMonitorWasHeldForAMomentKeepsItsStatus() {
        var judge = Judge()
        let held = ControlInfo(state: .job, milliseconds: 3)
        #expect(
            judge.judge([sample(lastUpdate: nil, monitor: held)], of: driver, wereAsked: true, now: start, wall: 0)[0]
                .status == nil
        )
        _ = judge.judge([sample(lastUpdate: 0)], of: driver, wereAsked: true, now: start, wall: 0)
        let judged = judge.judge(
            [sample(lastUpdate: nil, monitor: held)],
            of: driver,
            wereAsked: true,
            now: start,
            wall: 0
        )
        #expect(judged[0].status == .noDriver)
    }

    @Test(arguments: [nil, ControlInfo(state: .free, milliseconds: 0), ControlInfo(state: .occupied, milliseconds: 3)])
    func aStaleGuestStaysSoWhenAnotherCallHoldsItsMonitorForAMoment(monitor: ControlInfo?) {
        var judge = Judge()
        for second in [0, 40] { _ = status(&judge, sample(lastUpdate: 1000), at: second) }
        #expect(status(&judge, sample(lastUpdate: nil, monitor: monitor), at: 50) == .stale)
        #expect(status(&judge, sample(lastUpdate: 1000), at: 60) == .stale)
        #expect(status(&judge, sample(lastUpdate: 1065), at: 70) == .ok)
    }

    @Test func aHeldMonitorThatCouldNotBeLookedAtSaysNothing() {
        var judge = Judge()
        #expect(status(&judge, sample(lastUpdate: nil), at: 0) == nil)
        let stuck = ControlInfo(state: .occupied, milliseconds: 5000)
        #expect(status(&judge, sample(lastUpdate: nil, monitor: stuck), at: 10) == .unresponsive)
        #expect(status(&judge, sample(lastUpdate: nil), at: 20) == .unresponsive)
    }

    @Test func aMonitorThatHasJustBeenEnteredIsNotStuck() {
        var judge = Judge()
        let entered = ControlInfo(state: .occupied, milliseconds: 499)
        let stuck = ControlInfo(state: .occupied, milliseconds: 500)
        #expect(status(&judge, sample(lastUpdate: 1000), at: 0) == .ok)
        #expect(status(&judge, sample(lastUpdate: nil, monitor: entered), at: 10) == .ok)
        #expect(status(&judge, sample(lastUpdate: nil, monitor: stuck), at: 20) == .unresponsive)
    }

    @Test func aDomainThatEndedIsForgotten() {
        var judge = Judge()
        _ = judge.judge([sample(lastUpdate: 0)], of: driver, wereAsked: true, now: start, wall: 0)
        #expect(judge.judge([], of: driver, wereAsked: true, now: start, wall: 0).isEmpty)
        #expect(
            judge.judge([sample(lastUpdate: nil)], of: driver, wereAsked: true, now: start, wall: 0)[0].status == nil
        )
    }

    @Test func whereNoDomainCouldBeAskedNoneKeepsItsStatus() {
        var judge = Judge()
        let free = ControlInfo(state: .free, milliseconds: 0)
        _ = judge.judge([sample(lastUpdate: 1000)], of: driver, wereAsked: true, now: start, wall: 1000)
        let judged = judge.judge(
            [sample(lastUpdate: nil, monitor: free)],
            of: driver,
            wereAsked: false,
            now: start,
            wall: 1000
        )
        #expect(judged[0].status == nil)
    }
}
