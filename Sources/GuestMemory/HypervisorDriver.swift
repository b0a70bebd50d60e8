import Libvirt

/// What a libvirt driver can tell of its domains' memory, and what of that is true: a row a driver.
///
/// Read in the drivers' sources of libvirt 9.0.0 and 11.3.0. A figure is let through only where it means what its
/// metric says: LXC's swap_in is an amount in use, not a traffic; Xen's available is the maximum, not the guest's total.
struct HypervisorDriver: Sendable {
    /// How the statistics are had.
    enum Collection: Sendable {
        /// All domains by one call (virConnectGetAllDomainStats).
        case bulk
        /// One call a domain (virDomainMemoryStats).
        case each
        /// The driver has none.
        case none
    }

    /// How the statistics are had.
    let collection: Collection
    /// Whether the statistics period can be set (virDomainSetMemoryStatsPeriod).
    let setsPeriod: Bool
    /// Keeps of the driver's figures those that mean what their names say.
    private let truthful: @Sendable (MemoryStatistics) -> MemoryStatistics

    /// The row of a driver by its name (virConnectGetType); one that this program does not know is asked for nothing
    /// that it might not have.
    init(named driver: String) {
        switch driver {
        case "QEMU":
            self.init(collection: .bulk, setsPeriod: true) { $0 }
        case "TEST", "Test":
            self.init(collection: .each, setsPeriod: true) { $0 }
        case "Xen":
            self.init(collection: .each, setsPeriod: false) { figures in
                var kept = MemoryStatistics()
                kept.actualBalloon = figures.actualBalloon
                return kept
            }
        case "LXC":
            self.init(collection: .each, setsPeriod: false) { figures in
                var kept = MemoryStatistics()
                kept.actualBalloon = figures.actualBalloon
                kept.rss = figures.rss
                return kept
            }
        case "Parallels", "vz", "Virtuozzo":
            self.init(collection: .bulk, setsPeriod: false) { $0 }
        default:
            self.init(collection: .none, setsPeriod: false) { $0 }
        }
    }

    private init(
        collection: Collection,
        setsPeriod: Bool,
        truthful: @escaping @Sendable (MemoryStatistics) -> MemoryStatistics
    ) {
        self.collection = collection
        self.setsPeriod = setsPeriod
        self.truthful = truthful
    }
}

extension HypervisorDriver {
    /// The statistics of every active domain, as this driver has them.
    ///
    /// - Throws: `LibvirtError` where none can be had; a domain that cannot be asked alone is left out.
    func statistics(by connection: Connection) async throws -> [DomainStatsRecord] {
        let records =
            switch collection {
            case .bulk: try await connection.allDomainStats()
            case .each: try await connection.memoryStatisticsOfEach().compactMap(DomainStatsRecord.init)
            case .none: [DomainStatsRecord]()
            }
        return records.map { DomainStatsRecord(id: $0.id, state: $0.state, statistics: truthful($0.statistics)) }
    }
}

extension DomainStatsRecord {
    /// The record of a domain that was asked alone; nil where it could not be asked.
    fileprivate init?(_ domain: (id: DomainID, statistics: Result<MemoryStatistics, LibvirtError>)) {
        guard case .success(let statistics) = domain.statistics else { return nil }
        self.init(id: domain.id, state: nil, statistics: statistics)
    }
}
