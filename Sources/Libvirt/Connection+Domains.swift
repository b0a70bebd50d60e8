import CLibvirt
import Glibc

extension Connection {
    /// The state and the balloon statistics of every active domain, by one call (virConnectGetAllDomainStats).
    ///
    /// It enters the monitor of each domain in turn. A domain whose monitor is held by another call is passed over
    /// (NOWAIT) and has just the figures that need no monitor; but where this call is the first to enter a monitor that
    /// does not answer, it blocks until the guest's QEMU moves or dies.
    ///
    /// - Throws: `LibvirtError`; one that `isUnsupported` where the driver has no such call.
    public func allDomainStats() throws(LibvirtError) -> [DomainStatsRecord] {
        let call = "virConnectGetAllDomainStats"
        let connection = try unsafe requireOpen(call)
        var records: UnsafeMutablePointer<virDomainStatsRecordPtr?>?
        let count = unsafe virConnectGetAllDomainStats(
            connection,
            VIR_DOMAIN_STATS_STATE.rawValue | VIR_DOMAIN_STATS_BALLOON.rawValue,
            &records,
            VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE.rawValue | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT.rawValue
        )
        guard count >= 0, let records = unsafe records else { throw .last(in: call) }
        defer { unsafe virDomainStatsRecordListFree(records) }
        return (0..<Int(count)).compactMap { index in
            unsafe records[index].map { unsafe DomainStatsRecord($0) }
        }
    }

    /// Every active domain with what the hypervisor knows of it without asking a guest or a monitor: one call for the
    /// list (virConnectListAllDomains), one a domain (virDomainGetInfo).
    ///
    /// - Throws: `LibvirtError` where the list cannot be had; a failure of one domain stays with that domain.
    public func activeDomains() throws(LibvirtError) -> [(id: DomainID, info: Result<DomainInfo, LibvirtError>)] {
        try mapActiveDomains { domain throws(LibvirtError) in
            var info = virDomainInfo()
            guard unsafe virDomainGetInfo(domain.pointer, &info) == 0 else { throw .last(in: "virDomainGetInfo") }
            return DomainInfo(info)
        }
        .map { (id: $0.id, info: $0.value) }
    }

    /// Every active domain's statistics by one call a domain (virDomainMemoryStats), for the drivers without the bulk
    /// call.
    ///
    /// - Throws: `LibvirtError` where the list cannot be had; a failure of one domain stays with that domain.
    public func memoryStatisticsOfEach() throws(LibvirtError)
        -> [(id: DomainID, statistics: Result<MemoryStatistics, LibvirtError>)]
    {
        try mapActiveDomains { domain throws(LibvirtError) in
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

    /// The names and UUIDs of the active domains (virConnectListAllDomains).
    ///
    /// - Throws: `LibvirtError` where the list cannot be had.
    public func activeDomainIDs() throws(LibvirtError) -> [DomainID] {
        try mapActiveDomains { _ in }.map(\.id)
    }

    private func mapActiveDomains<Value>(
        _ read: (borrowing DomainHandle) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> [(id: DomainID, value: Result<Value, LibvirtError>)] {
        let call = "virConnectListAllDomains"
        let connection = try unsafe requireOpen(call)
        var domains: UnsafeMutablePointer<virDomainPtr?>?
        let count = unsafe virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE.rawValue)
        guard count >= 0, let domains = unsafe domains else { throw .last(in: call) }
        defer { unsafe free(domains) }

        var values: [(id: DomainID, value: Result<Value, LibvirtError>)] = []
        values.reserveCapacity(Int(count))
        var lost: LibvirtError?
        for index in 0..<Int(count) {
            guard let pointer = unsafe domains[index] else { continue }
            let domain = unsafe DomainHandle(taking: pointer)
            // After a lost connection the handles that are left are only to be given back.
            guard lost == nil else { continue }
            let id = unsafe DomainID(domain.pointer)
            do {
                values.append((id, .success(try read(domain))))
            } catch {
                if error.isConnectionLost { lost = error }
                values.append((id, .failure(error)))
            }
        }
        if let lost { throw lost }
        return values
    }

    private func withDomain<Value>(
        _ uuid: DomainUUID,
        _ use: (borrowing DomainHandle) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value {
        let call = "virDomainLookupByUUID"
        let connection = try unsafe requireOpen(call)
        guard let pointer = unsafe virDomainLookupByUUID(connection, uuid.bytes) else { throw .last(in: call) }
        return try use(unsafe DomainHandle(taking: pointer))
    }

    /// A domain's live configuration as XML (virDomainGetXMLDesc); never blocked by the guest or its monitor.
    ///
    /// - Throws: `LibvirtError`; one that `isDomainGone` where the domain has ended.
    public func domainXML(_ uuid: DomainUUID) throws(LibvirtError) -> String {
        try withDomain(uuid) { domain throws(LibvirtError) in
            guard let text = unsafe virDomainGetXMLDesc(domain.pointer, 0) else {
                throw .last(in: "virDomainGetXMLDesc")
            }
            defer { unsafe free(text) }
            return unsafe String(cString: text)
        }
    }

    /// Has QEMU ask the guest's balloon driver for its statistics so often (virDomainSetMemoryStatsPeriod, on the live
    /// domain alone). It blocks on a domain whose monitor is held.
    ///
    /// - Parameters:
    ///   - seconds: the period, above 0.
    ///   - uuid: the domain.
    /// - Throws: `LibvirtError`; one that `isPermissionDenied` on a read-only connection.
    public func setMemoryStatsPeriod(_ seconds: Int32, of uuid: DomainUUID) throws(LibvirtError) {
        try withDomain(uuid) { domain throws(LibvirtError) in
            guard
                unsafe virDomainSetMemoryStatsPeriod(domain.pointer, seconds, VIR_DOMAIN_AFFECT_LIVE.rawValue) == 0
            else { throw .last(in: "virDomainSetMemoryStatsPeriod") }
        }
    }

    /// How the way to a domain's monitor stands (virDomainGetControlInfo); never blocks.
    ///
    /// - Throws: `LibvirtError`; one that `isUnsupported` where the driver has no monitors.
    public func controlInfo(_ uuid: DomainUUID) throws(LibvirtError) -> ControlInfo {
        try withDomain(uuid) { domain throws(LibvirtError) in
            var info = virDomainControlInfo()
            guard unsafe virDomainGetControlInfo(domain.pointer, &info, 0) == 0 else {
                throw .last(in: "virDomainGetControlInfo")
            }
            return ControlInfo(
                state: ControlInfo.State(rawValue: Int32(bitPattern: info.state)) ?? .error,
                milliseconds: UInt64(info.stateTime)
            )
        }
    }
}
