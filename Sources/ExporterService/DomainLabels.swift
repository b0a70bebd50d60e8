import Exposition
import GuestMemory
import Libvirt

/// The label sets of one domain, escaped; they hold for as long as its identity and its configuration do.
final class DomainLabels: Sendable {
    /// Those that every metric of a domain has.
    let identity: Labels
    /// Those that state its configuration, by the names of their metrics.
    let facts: [String: Labels]

    fileprivate let id: DomainID
    private let configuration: DomainConfiguration?

    init(of domain: DomainSample) {
        (id, configuration) = (domain.id, domain.known?.configuration)
        identity = Labels([("domain", id.name), ("uuid", id.uuid.description)])
        facts = configuration.map { [id] in MetricCatalogue.facts(of: id, $0) } ?? [:]
    }

    func hold(for domain: DomainSample) -> Bool {
        id == domain.id && configuration == domain.known?.configuration
    }
}

/// The label sets of all domains, kept from one snapshot to the next.
struct KeptLabels {
    private var kept: [DomainLabels] = []

    /// The labels of these domains, in their order; those of others are forgotten.
    mutating func labels(of domains: [DomainSample]) -> [DomainLabels] {
        let former = kept
        // Where a domain comes or goes, those behind it move.
        lazy var moved = Dictionary(former.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        kept = domains.enumerated().map { index, domain in
            if index < former.count, former[index].hold(for: domain) { return former[index] }
            if let labels = moved[domain.id], labels.hold(for: domain) { return labels }
            return DomainLabels(of: domain)
        }
        return kept
    }
}
