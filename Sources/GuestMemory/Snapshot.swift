import FoundationEssentials
import Libvirt

/// What one collection found; it never changes afterwards.
public struct Snapshot: Sendable {
    /// Tells it from every other snapshot, whatever they say.
    public let identity = Identity()
    /// Whether libvirt answered.
    public let isUp: Bool
    /// When the collection ended, by the host's clock.
    public let time: Date
    /// How long it took.
    public let duration: Duration
    /// The hypervisor; nil where libvirt did not answer.
    public let version: HypervisorVersion?
    /// The active domains, in the order of their names.
    public let domains: [DomainSample]
    /// The host's memory; nil where it was not asked for, or libvirt did not answer.
    public let host: HostSample?

    /// Which snapshot it is; copies of one have the same instance.
    public final class Identity: Sendable {}

    /// What a collection found.
    public init(
        isUp: Bool,
        time: Date,
        duration: Duration,
        version: HypervisorVersion?,
        domains: [DomainSample],
        host: HostSample? = nil
    ) {
        self.isUp = isUp
        self.time = time
        self.duration = duration
        self.version = version
        self.domains = domains
        self.host = host
    }
}

/// What one collection found of the host.
public struct HostSample: Hashable, Sendable {
    /// Its memory.
    public let memory: HostMemory
    /// Its pools of huge pages.
    public let pages: [HostPagePool]

    /// What was found.
    public init(memory: HostMemory, pages: [HostPagePool]) {
        self.memory = memory
        self.pages = pages
    }
}
