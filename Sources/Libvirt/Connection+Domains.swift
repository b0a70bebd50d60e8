import CLibvirt
import Glibc

extension Connection {
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

    /// The names and UUIDs of the active domains (virConnectListAllDomains).
    ///
    /// - Throws: `LibvirtError` where the list cannot be had.
    public func activeDomainIDs() throws(LibvirtError) -> [DomainID] {
        try mapActiveDomains { _ in }.map(\.id)
    }

    private func mapActiveDomains<Value>(
        _ read: (DomainHandle) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> [(id: DomainID, value: Result<Value, LibvirtError>)] {
        try map(activeDomainHandles(), read)
    }

    /// Reads something of each of these domains; what fails stays with its domain, unless the connection is lost.
    func map<Value>(
        _ domains: [DomainHandle],
        _ read: (DomainHandle) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> [(id: DomainID, value: Result<Value, LibvirtError>)] {
        try domains.map { domain throws(LibvirtError) in
            let id = unsafe DomainID(domain.pointer)
            do throws(LibvirtError) {
                return (id, .success(try read(domain)))
            } catch {
                if error.isConnectionLost { throw error }
                return (id, .failure(error))
            }
        }
    }

    /// The active domains, by one call (virConnectListAllDomains).
    func activeDomainHandles() throws(LibvirtError) -> [DomainHandle] {
        let call = "virConnectListAllDomains"
        let connection = try unsafe requireOpen(call)
        var domains: UnsafeMutablePointer<virDomainPtr?>?
        let count = unsafe virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE.rawValue)
        guard count >= 0, let domains = unsafe domains else { throw .last(in: call) }
        defer { unsafe free(domains) }
        return (0..<Int(count)).compactMap { index in
            unsafe domains[index].map { unsafe DomainHandle(taking: $0) }
        }
    }

    private func withDomain<Value>(
        _ uuid: DomainUUID,
        _ use: (DomainHandle) throws(LibvirtError) -> Value
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
            // libvirt takes a job for an error of its own that has not entered the monitor, as one that waits for a guest
            // to let go of a device (qemu_driver.c, qemuDomainGetControlInfo).
            let isJob =
                info.state == VIR_DOMAIN_CONTROL_ERROR.rawValue
                && info.details == VIR_DOMAIN_CONTROL_ERROR_REASON_INTERNAL.rawValue
            return ControlInfo(
                state: isJob ? .job : ControlInfo.State(rawValue: Int32(bitPattern: info.state)) ?? .error,
                milliseconds: UInt64(info.stateTime)
            )
        }
    }

    /// The limits of a domain's memory on its host (virDomainGetMemoryParameters); enters no monitor.
    ///
    /// - Throws: `LibvirtError`; one that `isUnsupported` or `isDomainGone` where the host has no cgroups for it.
    public func memoryLimits(_ uuid: DomainUUID) throws(LibvirtError) -> MemoryLimits {
        try withDomain(uuid) { domain throws(LibvirtError) in
            let call = "virDomainGetMemoryParameters"
            var count: Int32 = 0
            guard unsafe virDomainGetMemoryParameters(domain.pointer, nil, &count, 0) == 0 else {
                throw .last(in: call)
            }
            var parameters = unsafe [virTypedParameter](repeating: virTypedParameter(), count: Int(count))
            guard unsafe virDomainGetMemoryParameters(domain.pointer, &parameters, &count, 0) == 0 else {
                throw .last(in: call)
            }
            var limits = MemoryLimits()
            unsafe parameters.withUnsafeBufferPointer { buffer in
                for index in 0..<min(Int(count), buffer.count) {
                    unsafe limits.take(TypedParameter(buffer.baseAddress! + index))
                }
            }
            return limits
        }
    }
}
