import CLibvirt
import Hypervisor

extension Connection {
    /// The state and the balloon statistics of these domains, by one call (virDomainListGetStats).
    ///
    /// libvirtd enters the monitor of each in turn. A domain whose monitor is held by another call is passed over
    /// (NOWAIT) and has just the figures that need no monitor; but where this call is the first to enter a monitor that
    /// does not answer, it blocks until the guest's QEMU moves or dies. A domain that has ended is left out.
    ///
    /// - Throws: `LibvirtError`; one that `isUnsupported` where the driver has no such call.
    package func statistics(of domains: [DomainUUID]) throws(LibvirtError) -> [DomainStatsRecord] {
        let handles = domains.compactMap { knownDomains[$0] }
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
            guard count >= 0, let records = unsafe records else { throw lastError("virDomainListGetStats") }
            defer { unsafe virDomainStatsRecordListFree(records) }
            return (0..<Int(count)).compactMap { index in
                unsafe records[index].map { unsafe DomainStatsRecord($0) }
            }
        }
    }

    /// The statistics of one domain (virDomainMemoryStats), for the drivers without the bulk call.
    ///
    /// - Throws: `LibvirtError`; one that `isDomainGone` where the domain has ended.
    package func memoryStatistics(of domain: DomainUUID) throws(LibvirtError) -> BalloonStatistics {
        try withDomain(domain) { domain throws(LibvirtError) in
            // Room for tags that later versions of libvirt may add: at the end of a short array RSS would be lost.
            let room = 2 * Int(VIR_DOMAIN_MEMORY_STAT_NR.rawValue)
            var found = [virDomainMemoryStatStruct](repeating: virDomainMemoryStatStruct(), count: room)
            let count = unsafe virDomainMemoryStats(domain.pointer, &found, UInt32(room), 0)
            guard count >= 0 else { throw lastError("virDomainMemoryStats") }
            var statistics = BalloonStatistics()
            for statistic in found.prefix(Int(count)) { statistics.take(statistic) }
            return statistics
        }
    }

    /// What the hypervisor knows of a domain without asking the guest or QEMU's monitor (virDomainGetInfo).
    ///
    /// - Throws: `LibvirtError`; one that `isDomainGone` where the domain has ended.
    package func info(of domain: DomainUUID) throws(LibvirtError) -> (state: DomainState, info: DomainInfo) {
        try withDomain(domain) { domain throws(LibvirtError) in
            var info = virDomainInfo()
            guard unsafe virDomainGetInfo(domain.pointer, &info) == 0 else { throw lastError("virDomainGetInfo") }
            return (DomainState(libvirt: Int32(info.state)), DomainInfo(info))
        }
    }

    /// Has the connection keep a handle for this domain, by one call for a domain that it does not know yet
    /// (virDomainLookupByUUID). It waits for this domain alone, where libvirtd works on it.
    ///
    /// - Throws: `LibvirtError`; one that `isDomainGone` where the domain is not there.
    package func know(_ domain: DomainUUID) throws(LibvirtError) {
        if knownDomains[domain] == nil { knownDomains[domain] = try handle(of: domain) }
    }

    /// Lets go of the handles of all domains but these.
    package func forget(allBut domains: Set<DomainUUID>) {
        if knownDomains.count > domains.count { knownDomains = knownDomains.filter { domains.contains($0.key) } }
    }
}
