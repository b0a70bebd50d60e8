/// The balloon statistics of one domain, amounts in bytes; what the hypervisor left out is nil, never zero.
package struct BalloonStatistics: Hashable, Sendable {
    /// The balloon's size as the hypervisor sees it: the memory the guest holds now.
    package var actualBalloon: UInt64?
    /// `MemTotal` of the guest's /proc/meminfo.
    package var available: UInt64?
    /// `MemAvailable` of the guest's /proc/meminfo.
    package var usable: UInt64?
    /// `MemFree` of the guest's /proc/meminfo.
    package var unused: UInt64?
    /// The resident size of the process that runs the guest.
    package var rss: UInt64?
    /// `Buffers`, `Cached` and `SwapCached` of the guest's /proc/meminfo.
    package var diskCaches: UInt64?
    /// Memory swapped in since the guest booted.
    package var swapIn: UInt64?
    /// Memory swapped out since the guest booted.
    package var swapOut: UInt64?
    /// Page faults that needed the disk, since the guest booted.
    package var majorFaults: UInt64?
    /// Page faults of all kinds, since the guest booted.
    package var minorFaults: UInt64?
    /// Huge pages that the guest allocated, since it booted.
    package var hugetlbAllocations: UInt64?
    /// Huge pages that the guest failed to allocate, since it booted.
    package var hugetlbFailures: UInt64?
    /// When the guest's driver last answered, in seconds of the host's Unix time; 0 says that it never did.
    package var lastUpdate: UInt64?

    /// Statistics of which nothing is known.
    package init() {}

    /// Whether the guest itself reported anything; the balloon's size and the process' are the hypervisor's own figures.
    package var hasGuestFigures: Bool {
        available != nil || usable != nil || unused != nil || diskCaches != nil || swapIn != nil || swapOut != nil
            || majorFaults != nil || minorFaults != nil || hugetlbAllocations != nil || hugetlbFailures != nil
    }
}
