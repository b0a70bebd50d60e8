import Exposition
import Hypervisor

/// The label sets of one domain, escaped; they hold for as long as its identity and its configuration do.
final class DomainLabels: Sendable {
    /// Those that every metric of a domain has.
    let identity: Labels
    /// Those that state its configuration, by the names of their metrics.
    let facts: [String: Labels]

    fileprivate let id: DomainID
    private let configuration: DomainConfiguration?

    init(of domain: DomainSample) {
        (id, configuration) = (domain.id, domain.known.configuration)
        identity = Labels([("domain", id.name), ("uuid", id.uuid.description)])
        facts = configuration.map { [id] in MetricCatalogue.facts(of: id, $0) } ?? [:]
    }

    func hold(for domain: DomainSample) -> Bool {
        id == domain.id && configuration == domain.known.configuration
    }
}

/// What was found of a domain, and its label sets: a class, for each of its metrics looks at it, and a copy of all that is
/// known of a domain counts references by the dozen.
final class LabelledDomain: Sendable {
    /// The labels that every metric of a domain has; here too, for what is found at once is found in the cache.
    let identity: Labels
    let labels: DomainLabels
    let sample: DomainSample

    init(_ sample: DomainSample, _ labels: DomainLabels) {
        identity = labels.identity
        self.labels = labels
        self.sample = sample
    }
}

/// The label sets of all domains, kept from one snapshot to the next.
struct KeptLabels {
    private var kept: [DomainLabels] = []

    /// Puts labels to these domains, in their order; those of others are forgotten.
    mutating func label(_ domains: [DomainSample]) -> [LabelledDomain] {
        let former = kept
        // Where a domain comes or goes, those behind it move.
        lazy var moved = Dictionary(former.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let labelled = domains.enumerated().map { index, domain in
            if index < former.count, former[index].hold(for: domain) { return LabelledDomain(domain, former[index]) }
            if let labels = moved[domain.id], labels.hold(for: domain) { return LabelledDomain(domain, labels) }
            return LabelledDomain(domain, DomainLabels(of: domain))
        }
        kept = labelled.map(\.labels)
        return labelled
    }
}
