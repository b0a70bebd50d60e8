/// What one collection found; it never changes afterwards.
package struct Snapshot: Sendable {
    /// Distinguishes it from every other snapshot.
    package let identity = Identity()
    /// Whether the hypervisor answered, and its domains are known.
    package var isUp = false
    /// When the collection ended, by the host's clock, in Unix seconds.
    package var time = 0.0
    /// How long it took.
    package var duration = Duration.zero
    /// The hypervisor's versions; nil where it did not answer, or they have not been asked yet.
    package var version: HypervisorVersion?
    /// What the hypervisor's figures mean; nil where it did not answer.
    package var traits: HypervisorTraits?
    /// The active domains, in the order of their names.
    package var domains: [DomainSample] = []
    /// The host's memory; nil where it was not asked for, or the hypervisor did not answer.
    package var host: HostSample?
    /// What was asked for.
    package var needs: Needs = []

    /// Which snapshot it is; copies of one have the same instance.
    package final class Identity: Sendable {}

    /// A snapshot of nothing.
    package init() {}

    /// How many domains another client's job kept from answering.
    package var passedOver: Int { domains.count { $0.obstacle == .job } }
}
