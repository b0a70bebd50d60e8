/// All that the judgement of a domain's statistics depends on.
package struct StatisticsEvidence: Sendable {
    /// Whether the hypervisor has statistics of guests at all.
    package var isSupported: Bool
    /// The domain's state.
    package var state: DomainState?
    /// What keeps the hypervisor from answering about the domain.
    package var obstacle: Obstacle?
    /// What the guest and its balloon reported; nil where they were not asked or did not answer.
    package var statistics: BalloonStatistics?
    /// The domain's configuration; nil while it is not known.
    package var configuration: DomainConfiguration?
    /// The time since the driver's last answer, without time in which it could not answer.
    package var sinceAnswer: Duration
    /// The time since the guest began anew, or was told to report; nil where that is not known.
    package var sinceBeginning: Duration?

    /// Evidence of these parts.
    package init(
        isSupported: Bool = true,
        state: DomainState? = nil,
        obstacle: Obstacle? = nil,
        statistics: BalloonStatistics? = nil,
        configuration: DomainConfiguration? = nil,
        sinceAnswer: Duration = .zero,
        sinceBeginning: Duration? = nil
    ) {
        self.isSupported = isSupported
        self.state = state
        self.obstacle = obstacle
        self.statistics = statistics
        self.configuration = configuration
        self.sinceAnswer = sinceAnswer
        self.sinceBeginning = sinceBeginning
    }
}

extension StatisticsStatus {
    /// So many periods without an answer are a silence; one lost answer is none.
    private static let silentPeriods = 3
    /// No shorter silence counts, however short the period: a busy guest answers late.
    private static let shortestSilence = Duration.seconds(30)
    /// A guest that began anew has so many periods to load its driver.
    private static let gracePeriods = 2

    /// The status of a domain; nil where the evidence is not enough for any.
    ///
    /// What hides everything else comes first: a monitor that does not answer hides whether there is a driver. While the
    /// configuration is not known the period is not, and no status that depends on it is given.
    package static func judged(by evidence: StatisticsEvidence) -> StatisticsStatus? {
        guard evidence.isSupported else { return .unsupported }
        switch evidence.obstacle {
        case .monitor, .hypervisor: return .unresponsive
        case .job, nil: break
        }
        if evidence.state?.isSuspended == true { return .paused }
        if evidence.obstacle == .job { return .busy }
        guard let statistics = evidence.statistics else { return nil }
        if let configuration = evidence.configuration, configuration.balloon == nil { return .noDevice }
        // QEMU has a time of the last update for each balloon device, and only for those; vz has none at all.
        guard let lastUpdate = statistics.lastUpdate else { return statistics.hasGuestFigures ? .ok : .noDevice }
        guard let configuration = evidence.configuration else {
            if lastUpdate == 0 { return .noDriver }
            return evidence.sinceAnswer <= shortestSilence && statistics.hasGuestFigures ? .ok : nil
        }
        let period = configuration.statsPeriod.map { Duration.seconds($0) }
        if let period, let age = evidence.sinceBeginning, age < period * gracePeriods {
            return statistics.hasGuestFigures ? .ok : nil
        }
        if lastUpdate == 0 { return .noDriver }
        guard let period else { return .noPeriod }
        if evidence.sinceAnswer > max(period * silentPeriods, shortestSilence) { return .stale }
        return statistics.hasGuestFigures ? .ok : .noValues
    }
}
