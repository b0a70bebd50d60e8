import Exposition
import GuestMemory
import Libvirt

/// One row of the catalogue: a metric's name, type, unit and meaning, and how its samples are read. The only definition
/// of a metric there is: the exposition and the documentation are both made of it.
struct Metric: Sendable {
    let name: String
    let kind: MetricFamily.Kind
    let unit: String?
    let help: String
    /// The names of the labels that its samples have.
    let labels: [String]
    let read: @Sendable (Readings) -> [Sample]

    /// The family of this metric with the samples of these readings.
    func family(_ readings: Readings) -> MetricFamily {
        MetricFamily(name: name, kind: kind, unit: unit, help: help, samples: read(readings))
    }
}

extension Metric {
    /// A metric with one sample, or none where the figure is not known.
    static func single(
        _ name: String,
        _ kind: MetricFamily.Kind,
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
        _ kind: MetricFamily.Kind,
        unit: String? = nil,
        help: String,
        _ read: @escaping @Sendable (DomainSample) -> Sample.Value?
    ) -> Metric {
        Metric(name: name, kind: kind, unit: unit, help: help, labels: domainLabels) { readings in
            zip(readings.snapshot.domains, readings.domainLabels).compactMap { domain, labels in
                read(domain).map { Sample(labels, $0) }
            }
        }
    }

    /// A state set as text 0.0.4 has it: a sample for each domain and state, 1 for the state it is in and 0 for the
    /// others; none for a domain whose state is not known.
    static func domainStates<State: CaseIterable & Equatable & Sendable>(
        _ name: String,
        label: String,
        help: String,
        title: @escaping @Sendable (State) -> String,
        _ read: @escaping @Sendable (DomainSample) -> State?
    ) -> Metric {
        Metric(name: name, kind: .gauge, unit: nil, help: help, labels: domainLabels + [label]) { readings in
            zip(readings.snapshot.domains, readings.domainLabels).flatMap { domain, labels in
                guard let current = read(domain) else { return [Sample]() }
                return State.allCases.map { state in
                    Sample(labels.adding([(label, title(state))]), .whole(state == current ? 1 : 0))
                }
            }
        }
    }

    private static let domainLabels = ["domain", "uuid"]
}
