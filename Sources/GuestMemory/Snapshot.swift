import FoundationEssentials
import Libvirt

/// What one collection found; it never changes afterwards.
public struct Snapshot: Sendable {
    /// Whether libvirt answered.
    public let isUp: Bool
    /// When the collection ended, by the host's clock.
    public let time: Date
    /// How long it took.
    public let duration: Duration
    /// The hypervisor; nil where libvirt did not answer.
    public let version: HypervisorVersion?
    /// The active domains, in the order of their names.
    public let domains: [DomainSample]

    /// What a collection found.
    public init(isUp: Bool, time: Date, duration: Duration, version: HypervisorVersion?, domains: [DomainSample]) {
        self.isUp = isUp
        self.time = time
        self.duration = duration
        self.version = version
        self.domains = domains
    }
}

/// What one collection found of one domain; what is not known is nil.
public struct DomainSample: Hashable, Sendable {
    /// The domain.
    public let id: DomainID
    /// Its state.
    public let state: DomainState?
    /// What the hypervisor knows of it.
    public let info: DomainInfo?
    /// What its guest and its balloon said.
    public let statistics: MemoryStatistics?
    /// Its configuration.
    public let configuration: DomainConfiguration?

    /// What is known of one domain.
    public init(
        id: DomainID,
        state: DomainState?,
        info: DomainInfo?,
        statistics: MemoryStatistics?,
        configuration: DomainConfiguration?
    ) {
        self.id = id
        self.state = state
        self.info = info
        self.statistics = statistics
        self.configuration = configuration
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
        configurations: [DomainUUID: DomainConfiguration]
    ) -> [DomainSample] {
        let infos = Dictionary(domains.map { ($0.id.uuid, $0) }, uniquingKeysWith: { first, _ in first })
        let records = Dictionary(records.map { ($0.id.uuid, $0) }, uniquingKeysWith: { first, _ in first })
        return Set(infos.keys).union(records.keys)
            .map { uuid in
                let (domain, record) = (infos[uuid], records[uuid])
                return DomainSample(
                    id: record?.id ?? domain!.id,
                    state: record?.state ?? domain?.info?.state,
                    info: domain?.info,
                    statistics: record?.statistics,
                    configuration: configurations[uuid]
                )
            }
            .sorted { ($0.id.name, $0.id.uuid.description) < ($1.id.name, $1.id.uuid.description) }
    }
}
