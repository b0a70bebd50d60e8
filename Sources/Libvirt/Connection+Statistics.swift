import CLibvirt

extension Connection {
    /// The state and the balloon statistics of these domains, by one call (virDomainListGetStats).
    ///
    /// libvirtd enters the monitor of each in turn. A domain whose monitor is held by another call is passed over
    /// (NOWAIT) and has just the figures that need no monitor; but where this call is the first to enter a monitor that
    /// does not answer, it blocks until the guest's QEMU moves or dies. A domain that has ended is left out.
    ///
    /// - Throws: `LibvirtError`; one that `isUnsupported` where the driver has no such call.
    public func statistics(of domains: [DomainUUID]) throws(LibvirtError) -> [DomainStatsRecord] {
        let handles = try handles(of: domains)
        // libvirt takes an empty list for a mistake.
        guard !handles.isEmpty else { return [] }
        return try withExtendedLifetime(handles) { () throws(LibvirtError) in
            // The list ends with a null pointer.
            var pointers = unsafe handles.map { unsafe Optional($0.pointer) } + [nil]
            var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
            let count = unsafe virDomainListGetStats(
                &pointers,
                VIR_DOMAIN_STATS_STATE.rawValue | VIR_DOMAIN_STATS_BALLOON.rawValue,
                &records,
                VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE.rawValue | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT.rawValue
            )
            guard count >= 0, let records = unsafe records else { throw .last(in: "virDomainListGetStats") }
            defer { unsafe virDomainStatsRecordListFree(records) }
            return (0..<Int(count)).compactMap { index in
                unsafe records[index].map { unsafe DomainStatsRecord($0) }
            }
        }
    }

    /// The statistics of these domains by one call a domain (virDomainMemoryStats), for the drivers without the bulk
    /// call; a domain that has ended is left out, or fails.
    ///
    /// - Throws: `LibvirtError` where the connection is lost; a failure of one domain stays with that domain.
    public func memoryStatistics(
        ofEach domains: [DomainUUID]
    ) throws(LibvirtError) -> [(id: DomainID, statistics: Result<MemoryStatistics, LibvirtError>)] {
        try map(handles(of: domains)) { domain throws(LibvirtError) in
            // Room for tags that later versions of libvirt may add: at the end of a short array RSS would be lost.
            let room = 2 * Int(VIR_DOMAIN_MEMORY_STAT_NR.rawValue)
            var found = [virDomainMemoryStatStruct](repeating: virDomainMemoryStatStruct(), count: room)
            let count = unsafe virDomainMemoryStats(domain.pointer, &found, UInt32(room), 0)
            guard count >= 0 else { throw .last(in: "virDomainMemoryStats") }
            var statistics = MemoryStatistics()
            for statistic in found.prefix(Int(count)) { statistics.take(statistic) }
            return statistics
        }
        .map { (id: $0.id, statistics: $0.value) }
    }

    /// The domains by the handles that this connection keeps, those that have ended left out.
    ///
    /// A handle belongs to its connection, and costs a call; so all are kept, and had anew by one call when there is a
    /// domain among these that is not known yet.
    private func handles(of domains: [DomainUUID]) throws(LibvirtError) -> [DomainHandle] {
        if !domains.allSatisfy({ knownDomains[$0] != nil }) {
            let active = try activeDomainHandles().map { (unsafe DomainID($0.pointer).uuid, $0) }
            knownDomains = Dictionary(active, uniquingKeysWith: { first, _ in first })
        }
        return domains.compactMap { knownDomains[$0] }
    }
}
