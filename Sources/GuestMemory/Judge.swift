import Libvirt

/// Judges the domains of one collection after another, and remembers of each for how long its driver has been silent.
struct Judge: Sendable {
    private var silences: [DomainUUID: Silence] = [:]
    private var verdicts: [DomainUUID: StatisticsStatus] = [:]

    /// Gives each sample its status.
    ///
    /// A domain of which nothing was learnt this time, because another call held its monitor for a moment, keeps the
    /// status of the time before; where no domain could be asked, none keeps any.
    ///
    /// - Parameters:
    ///   - driver: the hypervisor's driver.
    ///   - wereAsked: whether the statistics were collected at all.
    ///   - wall: the host's wall clock, in Unix seconds.
    mutating func judge(
        _ samples: [DomainSample],
        of driver: HypervisorDriver,
        wereAsked: Bool,
        now: SuspendingClock.Instant,
        wall: Double
    ) -> [DomainSample] {
        var judged = samples
        var silences: [DomainUUID: Silence] = [:]
        var verdicts: [DomainUUID: StatisticsStatus] = [:]
        for index in judged.indices {
            let sample = judged[index]
            let statistics = sample.wasPassedOver(by: driver) ? nil : sample.statistics
            let silence = silence(of: sample, statistics, now: now, wall: wall)
            let status =
                StatisticsStatus.judged(
                    by: StatisticsEvidence(
                        isSupported: driver.hasGuestStatistics,
                        state: sample.state,
                        isMonitorStuck: sample.isMonitorStuck,
                        statistics: statistics,
                        configuration: sample.known?.configuration,
                        silence: silence?.duration(at: now) ?? .zero,
                        sinceBeginning: sample.known?.beganReporting?.duration(to: now)
                    )
                ) ?? (wereAsked ? self.verdicts[sample.id.uuid] : nil)
            judged[index].status = status
            silences[sample.id.uuid] = silence
            verdicts[sample.id.uuid] = status
        }
        (self.silences, self.verdicts) = (silences, verdicts)
        return judged
    }

    /// Nil where nothing has been learnt of the domain yet.
    ///
    /// - Parameter statistics: what the guest and its balloon said; nil where they could not be asked.
    private func silence(
        of sample: DomainSample,
        _ statistics: MemoryStatistics?,
        now: SuspendingClock.Instant,
        wall: Double
    ) -> Silence? {
        // Where another call held the monitor for a moment the guest may have answered or not.
        let isSuspended = sample.state?.isSuspended == true
        if statistics == nil, !isSuspended, !sample.isMonitorStuck { return silences[sample.id.uuid] }
        let lastUpdate = statistics?.lastUpdate
        // One that crashed could not either, but nobody waits for it: nothing excuses its silence.
        let couldAnswer = !isSuspended && !sample.isMonitorStuck
        guard var silence = silences[sample.id.uuid] else {
            return Silence(lastUpdate: lastUpdate, couldAnswer: couldAnswer, now: now, wall: wall)
        }
        silence.look(lastUpdate: lastUpdate, couldAnswer: couldAnswer, now: now)
        return silence
    }
}
