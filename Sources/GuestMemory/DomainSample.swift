import Libvirt

/// What one collection found of one domain; what is not known is nil.
public struct DomainSample: Sendable {
    /// The domain.
    public let id: DomainID
    /// Its state.
    public let state: DomainState?
    /// What the hypervisor knows of it.
    public let info: DomainInfo?
    /// What its guest and its balloon said.
    public let statistics: MemoryStatistics?
    /// What the inventory knows of it.
    public let known: KnownDomain?
    /// How its monitor stood, where it was held when the statistics were collected; nil where it answered.
    public var monitor: ControlInfo?
    /// Why its statistics are what they are.
    public var status: StatisticsStatus?

    /// What is known of one domain.
    public init(
        id: DomainID,
        state: DomainState?,
        info: DomainInfo?,
        statistics: MemoryStatistics?,
        known: KnownDomain?,
        monitor: ControlInfo? = nil,
        status: StatisticsStatus? = nil
    ) {
        self.id = id
        self.state = state
        self.info = info
        self.statistics = statistics
        self.known = known
        self.monitor = monitor
        self.status = status
    }

    /// Whether another call held its monitor when the statistics were collected: neither its guest nor its balloon was
    /// asked then, and what there is of them was not read there.
    func wasPassedOver(by driver: HypervisorDriver) -> Bool {
        driver.hasMonitors && statistics?.rss == nil
    }

    /// A monitor that answers does so within a few milliseconds.
    private static let longestAnswerMilliseconds = 500

    /// Whether its monitor has been sent a command and does not answer, or has failed.
    var isMonitorStuck: Bool {
        guard let monitor else { return false }
        return switch monitor.state {
        case .occupied: monitor.milliseconds >= Self.longestAnswerMilliseconds
        case .error: true
        case .free, .job: false
        }
    }
}

extension DomainSample {
    /// Puts together what was found of each domain by its UUID, in the order of the names.
    ///
    /// A domain that started or ended between the calls is in one list only, and keeps what was found of it. No UUID is
    /// there twice, whatever the lists say.
    static func join(
        domains: [(id: DomainID, info: DomainInfo?)],
        records: [DomainStatsRecord],
        known: [DomainUUID: KnownDomain]
    ) -> [DomainSample] {
        let infos = Dictionary(domains.map { ($0.id.uuid, $0) }, uniquingKeysWith: { first, _ in first })
        let records = Dictionary(records.map { ($0.id.uuid, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(infos.keys).union(records.keys)
            .map { uuid in infos[uuid]?.id ?? records[uuid]!.id }
            .sorted()
            .map { id in
                let (domain, record) = (infos[id.uuid], records[id.uuid])
                return DomainSample(
                    id: id,
                    state: record?.state ?? domain?.info?.state,
                    info: domain?.info,
                    statistics: record?.statistics,
                    known: known[id.uuid]
                )
            }
    }
}
