import Libvirt

/// What a libvirt driver can tell of its domains' memory, and what of that is true: a row a driver.
///
/// Read in the drivers' sources of libvirt 9.0.0 and 11.3.0. A figure is let through only where it means what its
/// metric says: LXC's swap_in is an amount in use, not a traffic, and its actual the configured memory; Xen's available is the maximum,
/// not the guest's total.
struct HypervisorDriver: Sendable {
    /// How the statistics are had.
    enum Collection: Sendable {
        /// Many domains by one call (virDomainListGetStats).
        case bulk
        /// One call a domain (virDomainMemoryStats).
        case each
        /// The driver has none.
        case none
    }

    /// How the statistics are had.
    let collection: Collection
    /// Whether the figures are the guest's own, and not only the hypervisor's.
    let hasGuestStatistics: Bool
    /// Whether the statistics period can be set (virDomainSetMemoryStatsPeriod).
    let setsPeriod: Bool
    /// Whether a domain has a monitor that can be held by another call: its record then has no `rss`, which is read
    /// behind the same lock (qemu_driver.c, qemuDomainGetStatsBalloon).
    let hasMonitors: Bool
    /// Keeps of the driver's figures those that mean what their names say.
    private let truthful: @Sendable (MemoryStatistics) -> MemoryStatistics

    /// The row of a driver by its name (virConnectGetType); one that this program does not know is asked for nothing
    /// that it might not have.
    init(named driver: String) {
        switch driver {
        case "QEMU":
            self.init(.bulk, hasGuestStatistics: true, setsPeriod: true, hasMonitors: true) { $0 }
        case "TEST":
            self.init(.each, hasGuestStatistics: true, setsPeriod: true) { $0 }
        case "Xen":
            self.init(.each) { figures in
                var kept = MemoryStatistics()
                kept.actualBalloon = figures.actualBalloon
                return kept
            }
        case "LXC":
            self.init(.each) { figures in
                var kept = MemoryStatistics()
                kept.rss = figures.rss
                return kept
            }
        case "vz":
            self.init(.bulk, hasGuestStatistics: true) { $0 }
        default:
            self.init(.none) { $0 }
        }
    }

    private init(
        _ collection: Collection,
        hasGuestStatistics: Bool = false,
        setsPeriod: Bool = false,
        hasMonitors: Bool = false,
        truthful: @escaping @Sendable (MemoryStatistics) -> MemoryStatistics
    ) {
        self.collection = collection
        self.hasGuestStatistics = hasGuestStatistics
        self.hasMonitors = hasMonitors
        self.setsPeriod = setsPeriod
        self.truthful = truthful
    }
}

extension HypervisorDriver {
    /// The statistics of these domains, as this driver has them.
    ///
    /// - Throws: `LibvirtError` where none can be had; a domain that has ended, or cannot be asked alone, is left out.
    func statistics(of domains: [DomainUUID], by connection: Connection) async throws -> [DomainStatsRecord] {
        let records =
            switch collection {
            case .bulk: try await connection.statistics(of: domains)
            case .each: try await connection.memoryStatistics(ofEach: domains).compactMap(DomainStatsRecord.init)
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
