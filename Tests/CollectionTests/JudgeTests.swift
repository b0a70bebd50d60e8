import Hypervisor
import Testing

@testable import Collection

@Suite struct JudgeTests {
    private let start = Duration.seconds(100)
    private let traits = HypervisorTraits(name: "QEMU", hasGuestStatistics: true, setsPeriod: true)

    private func sample(
        lastUpdate: UInt64?,
        state: DomainState = .running,
        obstacle: Obstacle? = nil,
        number: UInt8 = 1
    ) -> DomainSample {
        var statistics = BalloonStatistics()
        statistics.actualBalloon = 2048
        if let lastUpdate {
            statistics.lastUpdate = lastUpdate
            statistics.usable = 1024
            statistics.rss = 3072
        }
        var known = KnownDomain(name: "guest")
        known.configuration = DomainConfiguration(balloon: .init(model: "virtio"), statsPeriod: 10)
        var sample = DomainSample(
            id: DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: number, count: 16))!, name: "guest"),
            known: known
        )
        (sample.state, sample.obstacle) = (state, obstacle)
        if lastUpdate != nil || obstacle != nil { sample.statistics = statistics }
        return sample
    }

    private func judge(_ judge: inout Judge, _ samples: [DomainSample], at second: Int, wall: Double)
        -> [StatisticsStatus?]
    {
        var samples = samples
        judge.judge(&samples, of: traits, now: start + .seconds(second), wall: wall)
        return samples.map(\.status)
    }

    /// The status of a guest so many seconds after the start, by a wall clock that began at 1000.
    private func status(_ judge: inout Judge, _ sample: DomainSample, at second: Int) -> StatisticsStatus? {
        self.judge(&judge, [sample], at: second, wall: 1000 + Double(second))[0]
    }

    @Test func aFleetIsNotStaleAfterTheHostsClockJumped() {
        var judge = Judge()
        let samples = (1...3).map { sample(lastUpdate: 1000, number: $0) }
        #expect(self.judge(&judge, samples, at: 0, wall: 1001) == [.ok, .ok, .ok])
        #expect(self.judge(&judge, samples, at: 9, wall: 90_000) == [.ok, .ok, .ok])
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
        let stuck = Obstacle.monitor(.seconds(5))
        #expect(status(&judge, sample(lastUpdate: 1000), at: 0) == .ok)
        #expect(status(&judge, sample(lastUpdate: nil, obstacle: stuck), at: 600) == .unresponsive)
        #expect(status(&judge, sample(lastUpdate: 1000), at: 610) == .ok)
        #expect(status(&judge, sample(lastUpdate: 1610), at: 620) == .ok)
    }

    @Test func aResumedGuestHasTimeToAnswerAgain() {
        var judge = Judge()
        #expect(status(&judge, sample(lastUpdate: 1000, state: .paused), at: 900) == .paused)
        #expect(status(&judge, sample(lastUpdate: 1000), at: 910) == .ok)
    }

    @Test func aGuestThatAnotherJobHoldsIsBusyAndNotOk() {
        var judge = Judge()
        #expect(status(&judge, sample(lastUpdate: 1000), at: 0) == .ok)
        #expect(status(&judge, sample(lastUpdate: nil, obstacle: .job), at: 10) == .busy)
        #expect(status(&judge, sample(lastUpdate: 1015), at: 20) == .ok)
    }

    @Test func aStaleGuestStaysSoWhileAnotherJobHoldsIt() {
        var judge = Judge()
        for second in [0, 40] { _ = status(&judge, sample(lastUpdate: 1000), at: second) }
        #expect(status(&judge, sample(lastUpdate: nil, obstacle: .job), at: 50) == .stale)
        #expect(status(&judge, sample(lastUpdate: 1000), at: 60) == .stale)
        #expect(status(&judge, sample(lastUpdate: 1065), at: 70) == .ok)
    }

    @Test(arguments: [Obstacle.monitor(.seconds(1)), .hypervisor(.seconds(1))])
    func aDomainThatDoesNotAnswerIsUnresponsive(obstacle: Obstacle) {
        var judge = Judge()
        #expect(status(&judge, sample(lastUpdate: nil, obstacle: obstacle), at: 0) == .unresponsive)
        #expect(status(&judge, sample(lastUpdate: nil), at: 10) == nil)
    }

    @Test func aGuestThatWasNotAskedIsNotOk() {
        var judge = Judge()
        #expect(status(&judge, sample(lastUpdate: 1000), at: 0) == .ok)
        #expect(status(&judge, sample(lastUpdate: nil), at: 10) == nil)
    }

    @Test func noGuestIsStaleBeforeItsConfigurationIsKnown() {
        var judge = Judge()
        var unknown = sample(lastUpdate: 1000)
        unknown.known.configuration = nil
        #expect(status(&judge, unknown, at: 600) == nil)
    }

    @Test func aDomainThatEndedIsForgotten() {
        var judge = Judge()
        _ = status(&judge, sample(lastUpdate: 0), at: 0)
        _ = self.judge(&judge, [], at: 10, wall: 1010)
        #expect(status(&judge, sample(lastUpdate: nil), at: 20) == nil)
    }
}
