import Hypervisor

/// Judges the domains of one collection after another; remembers of each when its driver last answered.
struct Judge: Sendable {
    private var ages: [DomainUUID: AnswerAge] = [:]
    private var statuses: [DomainUUID: StatisticsStatus] = [:]

    /// Gives each sample its status.
    ///
    /// A domain about which nothing was learnt keeps its status unless that promises figures or concerns an obstacle.
    ///
    /// - Parameters:
    ///   - now: the scheduler's clock.
    ///   - wall: the host's wall clock, in Unix seconds.
    mutating func judge(
        _ samples: inout [DomainSample],
        of traits: HypervisorTraits,
        now: Duration,
        wall: Double
    ) {
        var ages: [DomainUUID: AnswerAge] = [:]
        var statuses: [DomainUUID: StatisticsStatus] = [:]
        for index in samples.indices {
            let sample = samples[index]
            let statistics = sample.obstacle == nil ? sample.statistics : nil
            let age = age(of: sample, statistics, now: now, wall: wall)
            let judged = StatisticsStatus.judged(
                by: StatisticsEvidence(
                    isSupported: traits.hasGuestStatistics,
                    state: sample.state,
                    obstacle: sample.obstacle,
                    statistics: statistics,
                    configuration: sample.known.configuration,
                    sinceAnswer: age?.duration(at: now) ?? .zero,
                    sinceBeginning: sample.known.beganReporting.map { now - $0 }
                )
            )
            let former = self.statuses[sample.id.uuid]
            samples[index].status =
                switch (judged, former) {
                // A job of another client's for a moment changes nothing that was found before.
                case (.busy, .stale), (.busy, .noDevice), (.busy, .noDriver), (.busy, .noValues), (.busy, .noPeriod):
                    former
                case (nil, .ok), (nil, .busy), (nil, .unresponsive): nil
                case (nil, _) where statistics == nil: former
                default: judged
                }
            ages[sample.id.uuid] = age
            statuses[sample.id.uuid] = samples[index].status
        }
        (self.ages, self.statuses) = (ages, statuses)
    }

    /// Nil where nothing has been learnt of the domain yet.
    private func age(
        of sample: DomainSample,
        _ statistics: BalloonStatistics?,
        now: Duration,
        wall: Double
    ) -> AnswerAge? {
        let isSuspended = sample.state?.isSuspended == true
        let isStuck =
            switch sample.obstacle {
            case .monitor, .hypervisor: true
            case .job, nil: false
            }
        // Where another job held the domain for a moment the guest may have answered or not.
        if statistics == nil, !isSuspended, !isStuck { return ages[sample.id.uuid] }
        let couldAnswer = !isSuspended && !isStuck
        guard var age = ages[sample.id.uuid] else {
            return AnswerAge(lastUpdate: statistics?.lastUpdate, couldAnswer: couldAnswer, now: now, wall: wall)
        }
        age.look(lastUpdate: statistics?.lastUpdate, couldAnswer: couldAnswer, now: now)
        return age
    }
}
