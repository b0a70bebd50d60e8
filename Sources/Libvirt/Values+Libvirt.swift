import CLibvirt
import Hypervisor

/// The bytes of an amount that libvirt counts in units of 1024 bytes; nil for one beyond 2⁶⁴ bytes, which no memory has.
package func bytes(kibibytes: UInt64) -> UInt64? {
    let (bytes, overflow) = kibibytes.multipliedReportingOverflow(by: 1024)
    return overflow ? nil : bytes
}

extension DomainState {
    /// The state of this number (virDomainState); a number that this program does not know yet is `nostate`.
    init(libvirt number: Int32) {
        self = DomainState(rawValue: number) ?? .nostate
    }
}

extension DomainID {
    /// The identity of the domain of this virDomainPtr; reads what the library holds already and makes no call.
    init(_ domain: OpaquePointer) {
        var bytes = [UInt8](repeating: 0, count: Int(VIR_UUID_BUFLEN))
        unsafe virDomainGetUUID(domain, &bytes)
        let name = unsafe virDomainGetName(domain).map { unsafe String(cString: $0) }
        self.init(uuid: DomainUUID(bytes: bytes)!, name: name ?? "")
    }
}

extension DomainInfo {
    init(_ info: virDomainInfo) {
        self.init(
            maximumMemory: bytes(kibibytes: UInt64(info.maxMem)),
            memory: bytes(kibibytes: UInt64(info.memory)),
            virtualCPUs: UInt32(info.nrVirtCpu),
            cpuTime: info.cpuTime
        )
    }
}

extension HypervisorVersion {
    /// libvirt's number for a version, major × 1,000,000 + minor × 1,000 + release, as a person writes it.
    static func text(of number: UInt) -> String {
        "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
    }
}

extension MemoryFailure {
    /// The failure of libvirt's numbers (virDomainMemoryFailureRecipientType, virDomainMemoryFailureActionType); a number
    /// that this program does not know yet stays a number.
    init(recipient: Int32, action: Int32) {
        func name(_ number: Int32, of names: [String]) -> String {
            names.indices.contains(Int(number)) ? names[Int(number)] : "\(number)"
        }
        self.init(
            recipient: name(recipient, of: ["hypervisor", "guest"]),
            action: name(action, of: ["ignore", "inject", "fatal", "reset"])
        )
    }
}

extension MemoryLimits {
    /// Takes a parameter of virDomainGetMemoryParameters; leaves one of any other name or type, and one that means no limit.
    mutating func take(_ parameter: TypedParameter) {
        guard let value = unsafe parameter.unsignedLong, !Self.isUnlimited(value) else { return }
        if unsafe parameter.isNamed(VIR_DOMAIN_MEMORY_HARD_LIMIT) {
            hard = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed(VIR_DOMAIN_MEMORY_SOFT_LIMIT) {
            soft = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed(VIR_DOMAIN_MEMORY_SWAP_HARD_LIMIT) {
            swapHard = bytes(kibibytes: value)
        }
    }

    /// libvirt's number for no limit (VIR_DOMAIN_MEMORY_PARAM_UNLIMITED), and what Linux 6 and older round it down to by
    /// its pages; 0 is no limit in the domain's XML.
    private static func isUnlimited(_ value: UInt64) -> Bool {
        value == 0 || value >= UInt64(VIR_DOMAIN_MEMORY_PARAM_UNLIMITED) & ~63
    }
}

extension BalloonStatistics {
    /// Takes a parameter of the BALLOON group (virConnectGetAllDomainStats); leaves one of any other name or type.
    mutating func take(_ parameter: TypedParameter) {
        guard let value = unsafe parameter.unsignedLong else { return }
        if unsafe parameter.isNamed("balloon.current") {
            actualBalloon = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed("balloon.available") {
            available = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed("balloon.usable") {
            usable = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed("balloon.unused") {
            unused = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed("balloon.rss") {
            rss = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed("balloon.disk_caches") {
            diskCaches = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed("balloon.swap_in") {
            swapIn = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed("balloon.swap_out") {
            swapOut = bytes(kibibytes: value)
        } else if unsafe parameter.isNamed("balloon.major_fault") {
            majorFaults = value
        } else if unsafe parameter.isNamed("balloon.minor_fault") {
            minorFaults = value
        } else if unsafe parameter.isNamed("balloon.hugetlb_pgalloc") {
            hugetlbAllocations = value
        } else if unsafe parameter.isNamed("balloon.hugetlb_pgfail") {
            hugetlbFailures = value
        } else if unsafe parameter.isNamed("balloon.last-update") {
            lastUpdate = value
        }
    }

    /// Takes one statistic of virDomainMemoryStats; a tag that this program does not know yet is left.
    mutating func take(_ statistic: virDomainMemoryStatStruct) {
        let value = statistic.val
        switch virDomainMemoryStatTags(rawValue: UInt32(bitPattern: statistic.tag)) {
        case VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON: actualBalloon = bytes(kibibytes: value)
        case VIR_DOMAIN_MEMORY_STAT_AVAILABLE: available = bytes(kibibytes: value)
        case VIR_DOMAIN_MEMORY_STAT_USABLE: usable = bytes(kibibytes: value)
        case VIR_DOMAIN_MEMORY_STAT_UNUSED: unused = bytes(kibibytes: value)
        case VIR_DOMAIN_MEMORY_STAT_RSS: rss = bytes(kibibytes: value)
        case VIR_DOMAIN_MEMORY_STAT_DISK_CACHES: diskCaches = bytes(kibibytes: value)
        case VIR_DOMAIN_MEMORY_STAT_SWAP_IN: swapIn = bytes(kibibytes: value)
        case VIR_DOMAIN_MEMORY_STAT_SWAP_OUT: swapOut = bytes(kibibytes: value)
        case VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT: majorFaults = value
        case VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT: minorFaults = value
        case VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC: hugetlbAllocations = value
        case VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL: hugetlbFailures = value
        case VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE: lastUpdate = value
        default: break
        }
    }
}
