import CLibvirt

/// The balloon statistics of one domain, just as libvirt gives them; what libvirt left out is nil, and never zero.
public struct MemoryStatistics: Hashable, Sendable {
    /// The balloon's size as the hypervisor sees it: the memory the guest holds now.
    public var actualBalloon: Kibibytes?
    /// `MemTotal` of the guest's /proc/meminfo.
    public var available: Kibibytes?
    /// `MemAvailable` of the guest's /proc/meminfo.
    public var usable: Kibibytes?
    /// `MemFree` of the guest's /proc/meminfo.
    public var unused: Kibibytes?
    /// The resident size of the process that runs the guest.
    public var rss: Kibibytes?
    /// `Buffers` and `Cached` of the guest's /proc/meminfo.
    public var diskCaches: Kibibytes?
    /// Memory swapped in since the guest booted.
    public var swapIn: Kibibytes?
    /// Memory swapped out since the guest booted.
    public var swapOut: Kibibytes?
    /// Page faults that needed the disk, since the guest booted.
    public var majorFaults: UInt64?
    /// Page faults of all kinds, since the guest booted.
    public var minorFaults: UInt64?
    /// Huge pages that the guest allocated, since it booted.
    public var hugetlbAllocations: UInt64?
    /// Huge pages that the guest failed to allocate, since it booted.
    public var hugetlbFailures: UInt64?
    /// When the guest's driver last answered, in seconds of the host's Unix time; 0 says that it never did.
    public var lastUpdate: UInt64?

    /// Statistics of which nothing is known.
    public init() {}

    /// Takes a parameter of the BALLOON group (virConnectGetAllDomainStats); leaves one of any other name or type.
    mutating func take(_ parameter: TypedParameter) {
        guard let value = unsafe parameter.unsignedLong else { return }
        if unsafe parameter.isNamed("balloon.current") {
            actualBalloon = Kibibytes(value)
        } else if unsafe parameter.isNamed("balloon.available") {
            available = Kibibytes(value)
        } else if unsafe parameter.isNamed("balloon.usable") {
            usable = Kibibytes(value)
        } else if unsafe parameter.isNamed("balloon.unused") {
            unused = Kibibytes(value)
        } else if unsafe parameter.isNamed("balloon.rss") {
            rss = Kibibytes(value)
        } else if unsafe parameter.isNamed("balloon.disk_caches") {
            diskCaches = Kibibytes(value)
        } else if unsafe parameter.isNamed("balloon.swap_in") {
            swapIn = Kibibytes(value)
        } else if unsafe parameter.isNamed("balloon.swap_out") {
            swapOut = Kibibytes(value)
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
        case VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON: actualBalloon = Kibibytes(value)
        case VIR_DOMAIN_MEMORY_STAT_AVAILABLE: available = Kibibytes(value)
        case VIR_DOMAIN_MEMORY_STAT_USABLE: usable = Kibibytes(value)
        case VIR_DOMAIN_MEMORY_STAT_UNUSED: unused = Kibibytes(value)
        case VIR_DOMAIN_MEMORY_STAT_RSS: rss = Kibibytes(value)
        case VIR_DOMAIN_MEMORY_STAT_DISK_CACHES: diskCaches = Kibibytes(value)
        case VIR_DOMAIN_MEMORY_STAT_SWAP_IN: swapIn = Kibibytes(value)
        case VIR_DOMAIN_MEMORY_STAT_SWAP_OUT: swapOut = Kibibytes(value)
        case VIR_DOMAIN_MEMORY_STAT_MAJOR_FAULT: majorFaults = value
        case VIR_DOMAIN_MEMORY_STAT_MINOR_FAULT: minorFaults = value
        case VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGALLOC: hugetlbAllocations = value
        case VIR_DOMAIN_MEMORY_STAT_HUGETLB_PGFAIL: hugetlbFailures = value
        case VIR_DOMAIN_MEMORY_STAT_LAST_UPDATE: lastUpdate = value
        default: break
        }
    }
}
