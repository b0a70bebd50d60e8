import Exposition
import Hypervisor

/// One row of the catalogue: a metric's name, type, unit and meaning, and how its samples are read. The only definition
/// of a metric there is: the exposition and the documentation are both made of it.
struct Metric: Sendable {
    /// Its name, type, unit and meaning.
    let description: MetricDescription
    /// The names of the labels that its samples have.
    let labels: [String]
    /// What it says of a domain's configuration as labels; nil in a metric of figures.
    let facts: Facts?
    let read: @Sendable (Readings) -> [Sample]

    /// What a metric says of a domain's configuration as labels.
    struct Facts: Sendable {
        let names: [String]
        /// The values in the order of the names; nil where there is nothing to say.
        let read: @Sendable (DomainID, DomainConfiguration) -> [String]?

        func labels(of domain: DomainID, _ configuration: DomainConfiguration) -> Labels? {
            read(domain, configuration).map { Labels(zip(names, $0).map { (name: $0, value: $1) }) }
        }
    }

    init(
        name: String,
        kind: MetricDescription.Kind,
        unit: String?,
        help: String,
        labels: [String],
        facts: Facts? = nil,
        read: @escaping @Sendable (Readings) -> [Sample]
    ) {
        description = MetricDescription(name: name, kind: kind, unit: unit, help: help)
        self.labels = labels
        self.facts = facts
        self.read = read
    }

    /// The family of this metric with the samples of these readings.
    func family(_ readings: Readings) -> MetricFamily {
        MetricFamily(description, samples: read(readings))
    }
}

extension Metric {
    /// A metric with one sample, or none where the figure is not known.
    static func single(
        _ name: String,
        _ kind: MetricDescription.Kind,
        unit: String? = nil,
        help: String,
        _ read: @escaping @Sendable (Readings) -> Sample.Value?
    ) -> Metric {
        Metric(name: name, kind: kind, unit: unit, help: help, labels: []) { readings in
            read(readings).map { [Sample(.none, $0)] } ?? []
        }
    }

    /// A metric with a sample for each domain whose figure is known.
    static func domain(
        _ name: String,
        _ kind: MetricDescription.Kind,
        unit: String? = nil,
        help: String,
        _ read: @escaping @Sendable (DomainSample) -> Sample.Value?
    ) -> Metric {
        Metric(name: name, kind: kind, unit: unit, help: help, labels: domainLabels) { readings in
            readings.samples { domain, samples in
                if let value = read(domain.sample) { samples.append(Sample(domain.identity, value)) }
            }
        }
    }

    /// A metric with several figures of a domain, which the values of one label tell apart.
    ///
    /// - Parameter read: the figures, in the order of the label's values; nil for one that is not known.
    static func domain(
        _ name: String,
        _ kind: MetricDescription.Kind,
        unit: String? = nil,
        help: String,
        label: String,
        of values: [String],
        _ read: @escaping @Sendable (DomainSample) -> [Sample.Value?]
    ) -> Metric {
        let further = values.map { Labels([(label, $0)]) }
        return Metric(name: name, kind: kind, unit: unit, help: help, labels: domainLabels + [label]) { readings in
            readings.samples(upTo: further.count) { domain, samples in
                for (further, figure) in zip(further, read(domain.sample)) {
                    if let figure { samples.append(Sample(domain.identity, and: further, figure)) }
                }
            }
        }
    }

    /// A state set as text 0.0.4 has it: a sample for each domain and state, 1 for the state it is in and 0 for the
    /// others; none for a domain whose state is not known.
    static func domainStates<State: CaseIterable & Equatable & Sendable>(
        _ name: String,
        label: String,
        help: String,
        title: (State) -> String,
        _ read: @escaping @Sendable (DomainSample) -> State?
    ) -> Metric {
        let states = State.allCases.map { (state: $0, label: Labels([(label, title($0))])) }
        return Metric(name: name, kind: .gauge, unit: nil, help: help, labels: domainLabels + [label]) { readings in
            readings.samples(upTo: states.count) { domain, samples in
                guard let current = read(domain.sample) else { return }
                for (state, label) in states {
                    samples.append(Sample(domain.identity, and: label, .whole(state == current ? 1 : 0)))
                }
            }
        }
    }

    /// Facts about each domain as labels; none for a domain of which they are not known.
    ///
    /// - Parameter read: the labels' values, in the order of their names.
    static func domainInfo(
        _ name: String,
        help: String,
        labels names: [String],
        _ read: @escaping @Sendable (DomainID, DomainConfiguration) -> [String]?
    ) -> Metric {
        Metric(
            name: name,
            kind: .info,
            unit: nil,
            help: help,
            labels: domainLabels + names,
            facts: Facts(names: names, read: read)
        ) { readings in
            readings.samples { domain, samples in
                if let facts = domain.labels.facts[name] {
                    samples.append(Sample(domain.identity, and: facts, .whole(1)))
                }
            }
        }
    }

    /// A metric with samples for each domain that labels of any value tell apart.
    static func domain(
        _ name: String,
        _ kind: MetricDescription.Kind,
        unit: String? = nil,
        help: String,
        labels names: [String],
        _ read: @escaping @Sendable (DomainSample) -> [(values: [String], value: Sample.Value)]
    ) -> Metric {
        Metric(name: name, kind: kind, unit: unit, help: help, labels: domainLabels + names) { readings in
            readings.samples { domain, samples in
                for (values, value) in read(domain.sample) {
                    let further = Labels(zip(names, values).map { (name: $0, value: $1) })
                    samples.append(Sample(domain.identity, and: further, value))
                }
            }
        }
    }

    /// The labels of every domain's series.
    private static let domainLabels = ["domain", "uuid"]
}
