import Libvirt

/// Why a domain's memory statistics are what they are: fresh, or missing for a reason.
public enum StatisticsStatus: String, CaseIterable, Sendable {
    /// The figures are fresh.
    case ok
    /// The guest's driver stopped answering.
    case stale
    /// The domain has no balloon device.
    case noDevice = "no_device"
    /// The guest has no driver for it.
    case noDriver = "no_driver"
    /// The driver answers, but without figures.
    case noValues = "no_values"
    /// Nobody asks the driver; its figures are those of the moment when it started.
    case noPeriod = "no_period"
    /// The guest is paused, and so is its driver.
    case paused
    /// The monitor of the domain's QEMU does not answer.
    case unresponsive
    /// The hypervisor's libvirt driver has no statistics of guests.
    case unsupported
}

/// All that the judgement of a domain's statistics depends on.
struct StatisticsEvidence: Sendable {
    /// Whether the hypervisor's driver has statistics of guests at all.
    var isSupported: Bool
    /// The domain's state.
    var state: DomainState?
    /// Whether the domain's monitor does not answer.
    var isMonitorStuck: Bool
    /// What the guest and its balloon said; nil where they could not be asked.
    var statistics: MemoryStatistics?
    /// The domain's configuration; nil while it is not known.
    var configuration: DomainConfiguration?
    /// For how long the driver has not answered, in time in which it could have.
    var silence: Duration
    /// How long ago the guest began anew, or was told to report; nil where that is longer ago than anybody knows.
    var sinceBeginning: Duration?
}

extension StatisticsStatus {
    /// So many periods without an answer are a silence; one lost answer is none.
    private static let silentPeriods = 3
    /// No shorter silence counts, however short the period: a busy guest is no silent one.
    private static let shortestSilence = Duration.seconds(30)
    /// A guest that began anew has so many periods to load its driver.
    private static let gracePeriods = 2

    /// The status of a domain; nil where nothing at all could be learnt of it.
    ///
    /// What stands in the way of all others comes first: a monitor that is stuck hides whether there is a driver.
    static func judged(by evidence: StatisticsEvidence) -> StatisticsStatus? {
        guard evidence.isSupported else { return .unsupported }
        guard !evidence.isMonitorStuck else { return .unresponsive }
        if evidence.state?.isSuspended == true { return .paused }
        guard let statistics = evidence.statistics else { return nil }
        if let configuration = evidence.configuration, configuration.balloon == nil { return .noDevice }
        // QEMU has a time of the last update for each balloon device, and only for those; vz has none at all.
        guard let lastUpdate = statistics.lastUpdate else { return statistics.hasGuestFigures ? .ok : .noDevice }

        let period = Duration.seconds(evidence.configuration?.statsPeriod ?? 0)
        if let age = evidence.sinceBeginning, evidence.configuration?.statsPeriod != nil, age < period * gracePeriods {
            return .ok
        }
        if lastUpdate == 0 { return .noDriver }
        if let configuration = evidence.configuration, configuration.statsPeriod == nil { return .noPeriod }
        if evidence.silence > max(period * silentPeriods, shortestSilence) { return .stale }
        return statistics.hasGuestFigures ? .ok : .noValues
    }
}

extension MemoryStatistics {
    /// Whether the guest itself said anything; the balloon's size and the process' are the hypervisor's own figures.
    var hasGuestFigures: Bool {
        available != nil || usable != nil || unused != nil || diskCaches != nil || swapIn != nil || swapOut != nil
            || majorFaults != nil || minorFaults != nil || hugetlbAllocations != nil || hugetlbFailures != nil
    }
}
