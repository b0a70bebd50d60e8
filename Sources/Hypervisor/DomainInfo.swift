/// What the hypervisor itself knows of a domain, without asking the guest; what it did not report is nil.
package struct DomainInfo: Hashable, Sendable {
    /// The most memory that the domain may be given, in bytes.
    package var maximumMemory: UInt64?
    /// The memory that the domain is given now, in bytes; on LXC and bhyve what it uses now.
    package var memory: UInt64?
    /// The number of its virtual CPUs.
    package var virtualCPUs: UInt32?
    /// The CPU time that it has used, in nanoseconds.
    package var cpuTime: UInt64?

    /// The information of one domain.
    package init(
        maximumMemory: UInt64? = nil,
        memory: UInt64? = nil,
        virtualCPUs: UInt32? = nil,
        cpuTime: UInt64? = nil
    ) {
        self.maximumMemory = maximumMemory
        self.memory = memory
        self.virtualCPUs = virtualCPUs
        self.cpuTime = cpuTime
    }
}
