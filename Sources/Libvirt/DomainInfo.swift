import CLibvirt

/// What the hypervisor itself knows of a domain, without asking the guest or QEMU's monitor (virDomainGetInfo).
public struct DomainInfo: Hashable, Sendable {
    /// The domain's state.
    public let state: DomainState
    /// The most memory the domain may be given.
    public let maximumMemory: Kibibytes
    /// The memory that the domain is given now; on LXC and bhyve what it uses now.
    public let memory: Kibibytes
    /// The number of its virtual CPUs.
    public let virtualCPUs: UInt16
    /// The CPU time it has used, in nanoseconds.
    public let cpuTime: UInt64

    /// The information of one domain.
    public init(state: DomainState, maximumMemory: Kibibytes, memory: Kibibytes, virtualCPUs: UInt16, cpuTime: UInt64) {
        self.state = state
        self.maximumMemory = maximumMemory
        self.memory = memory
        self.virtualCPUs = virtualCPUs
        self.cpuTime = cpuTime
    }

    init(_ info: virDomainInfo) {
        self.init(
            state: DomainState(libvirt: Int32(info.state)),
            maximumMemory: Kibibytes(UInt64(info.maxMem)),
            memory: Kibibytes(UInt64(info.memory)),
            virtualCPUs: info.nrVirtCpu,
            cpuTime: info.cpuTime
        )
    }
}
