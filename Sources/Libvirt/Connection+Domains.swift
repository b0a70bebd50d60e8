import CLibvirt
import Glibc
import Hypervisor

extension Connection {
    /// The active domains, by one call (virConnectListAllDomains). It waits for each domain that libvirtd works on.
    ///
    /// - Throws: `LibvirtError`.
    package func activeDomains() throws(LibvirtError) -> [DomainID] {
        let call = "virConnectListAllDomains"
        let connection = try unsafe requireOpen(call)
        var domains: UnsafeMutablePointer<virDomainPtr?>?
        let count = unsafe virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE.rawValue)
        guard count >= 0, let domains = unsafe domains else { throw lastError(call) }
        defer { unsafe free(domains) }
        return (0..<Int(count)).compactMap { index in
            unsafe domains[index].map { pointer in
                let handle = unsafe DomainHandle(taking: pointer)
                return unsafe DomainID(handle.pointer)
            }
        }
    }

    func withDomain<Value>(
        _ uuid: DomainUUID,
        _ use: (DomainHandle) throws(LibvirtError) -> Value
    ) throws(LibvirtError) -> Value {
        if let known = knownDomains[uuid] { return try use(known) }
        return try use(try handle(of: uuid))
    }

    func handle(of uuid: DomainUUID) throws(LibvirtError) -> DomainHandle {
        let call = "virDomainLookupByUUID"
        let connection = try unsafe requireOpen(call)
        guard let pointer = unsafe virDomainLookupByUUID(connection, uuid.bytes) else { throw lastError(call) }
        return unsafe DomainHandle(taking: pointer)
    }

    /// A domain's live configuration as XML (virDomainGetXMLDesc); never blocked by the guest or its monitor.
    ///
    /// - Throws: `LibvirtError`; one that `isDomainGone` where the domain has ended.
    package func domainXML(_ uuid: DomainUUID) throws(LibvirtError) -> String {
        try withDomain(uuid) { domain throws(LibvirtError) in
            guard let text = unsafe virDomainGetXMLDesc(domain.pointer, 0) else {
                throw lastError("virDomainGetXMLDesc")
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
    package func setMemoryStatsPeriod(_ seconds: Int32, of uuid: DomainUUID) throws(LibvirtError) {
        try withDomain(uuid) { domain throws(LibvirtError) in
            guard
                unsafe virDomainSetMemoryStatsPeriod(domain.pointer, seconds, VIR_DOMAIN_AFFECT_LIVE.rawValue) == 0
            else { throw lastError("virDomainSetMemoryStatsPeriod") }
        }
    }

    /// What a domain's monitor does (virDomainGetControlInfo); enters no monitor.
    ///
    /// - Throws: `LibvirtError`; one that `isUnsupported` where the driver has no monitors.
    package func monitor(of uuid: DomainUUID) throws(LibvirtError) -> MonitorState {
        try withDomain(uuid) { domain throws(LibvirtError) in
            var info = virDomainControlInfo()
            guard unsafe virDomainGetControlInfo(domain.pointer, &info, 0) == 0 else {
                throw lastError("virDomainGetControlInfo")
            }
            return switch virDomainControlState(rawValue: info.state) {
            case VIR_DOMAIN_CONTROL_OK: .free
            case VIR_DOMAIN_CONTROL_JOB: .job
            case VIR_DOMAIN_CONTROL_OCCUPIED: .occupied(.milliseconds(Int64(info.stateTime)))
            // libvirt takes a job for an error of its own that has not entered the monitor, as one that waits for a guest
            // to let go of a device (qemu_driver.c, qemuDomainGetControlInfo).
            case _ where info.details == Int32(VIR_DOMAIN_CONTROL_ERROR_REASON_INTERNAL.rawValue): .job
            default: .failed
            }
        }
    }

    /// The limits of a domain's memory on its host (virDomainGetMemoryParameters); enters no monitor.
    ///
    /// - Throws: `LibvirtError`; one that `isUnsupported` or `isDomainGone` where the host has no cgroups for it.
    package func memoryLimits(_ uuid: DomainUUID) throws(LibvirtError) -> MemoryLimits {
        try withDomain(uuid) { domain throws(LibvirtError) in
            let call = "virDomainGetMemoryParameters"
            var count: Int32 = 0
            guard unsafe virDomainGetMemoryParameters(domain.pointer, nil, &count, 0) == 0 else {
                throw lastError(call)
            }
            var parameters = unsafe [virTypedParameter](repeating: virTypedParameter(), count: Int(count))
            guard unsafe virDomainGetMemoryParameters(domain.pointer, &parameters, &count, 0) == 0 else {
                throw lastError(call)
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
