import Hypervisor
import Testing

@Suite struct StatisticsStatusTests {
    /// A healthy guest, of which each test changes what it is about.
    private func judge(_ change: (inout StatisticsEvidence) -> Void) -> StatisticsStatus? {
        var evidence = StatisticsEvidence(
            isSupported: true,
            state: .running,
            statistics: statistics(lastUpdate: 1_700_000_000, usable: 1000),
            configuration: DomainConfiguration(balloon: .init(model: "virtio"), statsPeriod: 10),
            sinceAnswer: .seconds(4),
            sinceBeginning: nil
        )
        change(&evidence)
        return StatisticsStatus.judged(by: evidence)
    }

    private func statistics(lastUpdate: UInt64?, usable: UInt64?) -> BalloonStatistics {
        var statistics = BalloonStatistics()
        statistics.actualBalloon = 134_217_728
        statistics.rss = 204_800_000
        statistics.lastUpdate = lastUpdate
        statistics.usable = usable
        return statistics
    }

    @Test func freshFiguresAreOk() {
        #expect(judge { _ in } == .ok)
    }

    @Test func aDriverThatHasBeenSilentForThreePeriodsIsStale() {
        func judged(period: UInt32, silence: Int) -> StatisticsStatus? {
            judge { evidence in
                evidence.configuration?.statsPeriod = period
                evidence.sinceAnswer = .seconds(silence)
            }
        }
        #expect(judged(period: 60, silence: 180) == .ok)
        #expect(judged(period: 60, silence: 181) == .stale)
        #expect(judged(period: 10, silence: 31) == .stale)
    }

    @Test func noSilenceOfLessThanThirtySecondsIsStale() {
        func judged(silence: Int) -> StatisticsStatus? {
            judge { evidence in
                evidence.configuration?.statsPeriod = 1
                evidence.sinceAnswer = .seconds(silence)
            }
        }
        #expect(judged(silence: 30) == .ok)
        #expect(judged(silence: 31) == .stale)
    }

    @Test func withoutABalloonThereIsNoDevice() {
        #expect(judge { $0.configuration?.balloon = nil } == .noDevice)
        // Before the configuration was read, the time of the last update tells.
        #expect(
            judge {
                $0.configuration = nil
                $0.statistics = statistics(lastUpdate: nil, usable: nil)
            } == .noDevice
        )
    }

    @Test func aDriverThatNeverAnsweredIsNone() {
        #expect(judge { $0.statistics = statistics(lastUpdate: 0, usable: nil) } == .noDriver)
        #expect(
            judge {
                $0.statistics = statistics(lastUpdate: 0, usable: nil)
                $0.configuration?.statsPeriod = nil
            } == .noDriver
        )
    }

    @Test func aDriverThatAnswersWithoutFiguresHasNoValues() {
        #expect(judge { $0.statistics = statistics(lastUpdate: 1_700_000_000, usable: nil) } == .noValues)
    }

    @Test func theFiguresOfADriverThatNobodyAsksAreThoseOfItsStart() {
        #expect(judge { $0.configuration?.statsPeriod = nil } == .noPeriod)
        #expect(
            judge {
                $0.configuration?.statsPeriod = nil
                $0.sinceAnswer = .seconds(86_400)
            } == .noPeriod
        )
    }

    @Test(arguments: [DomainState.paused, .pmsuspended])
    func aPausedGuestIsNotStale(state: DomainState) {
        #expect(
            judge {
                $0.state = state
                $0.sinceAnswer = .seconds(86_400)
            } == .paused
        )
    }

    @Test func aStuckMonitorComesBeforeAllThatItHides() {
        #expect(judge { $0.obstacle = .monitor(.seconds(1)) } == .unresponsive)
        #expect(
            judge {
                $0.obstacle = .monitor(.seconds(1))
                $0.state = .paused
                $0.statistics = nil
            } == .unresponsive
        )
    }

    @Test func aHypervisorWithoutStatisticsIsUnsupported() {
        #expect(
            judge {
                $0.isSupported = false
                $0.state = .paused
                $0.obstacle = .monitor(.seconds(1))
            } == .unsupported
        )
    }

    @Test func aGuestThatJustStartedHasTwoPeriodsToLoadItsDriver() {
        func judged(after seconds: Int) -> StatisticsStatus? {
            judge { evidence in
                evidence.statistics = statistics(lastUpdate: 0, usable: nil)
                evidence.sinceBeginning = .seconds(seconds)
            }
        }
        #expect(judged(after: 19) == nil)
        #expect(judged(after: 20) == .noDriver)
    }

    @Test func aGuestThatJustStartedIsOkOnceItHasFigures() {
        #expect(judge { $0.sinceBeginning = .zero } == .ok)
    }

    @Test func aDomainThatTheHypervisorWorksOnIsUnresponsiveAndOneThatAnotherJobHoldsBusy() {
        #expect(judge { $0.obstacle = .hypervisor(.seconds(1)) } == .unresponsive)
        #expect(judge { $0.obstacle = .job } == .busy)
        #expect(
            judge {
                $0.obstacle = .job
                $0.state = .paused
            } == .paused
        )
    }

    @Test func beforeTheConfigurationIsKnownNoGuestIsStaleOrWithoutAPeriod() {
        #expect(judge { $0.configuration = nil } == .ok)
        #expect(
            judge {
                $0.configuration = nil
                $0.sinceAnswer = .seconds(31)
            } == nil
        )
    }

    @Test func graceIsNoneWhereNobodyAsks() {
        #expect(
            judge {
                $0.configuration?.statsPeriod = nil
                $0.sinceBeginning = .zero
            } == .noPeriod
        )
    }

    @Test func ofADomainThatCouldNotBeAskedNothingIsKnown() {
        #expect(judge { $0.statistics = nil } == nil)
    }

    @Test func aDriverWithoutATimeOfUpdateIsJudgedByItsFigures() {
        #expect(judge { $0.statistics = statistics(lastUpdate: nil, usable: 1000) } == .ok)
    }

    @Test(arguments: StatisticsStatus.allCases)
    func everyStatusHasAReasonAndAllButOkAnAdvice(status: StatisticsStatus) {
        #expect(!status.reason.isEmpty)
        #expect((status.advice == nil) == (status == .ok))
    }
}
