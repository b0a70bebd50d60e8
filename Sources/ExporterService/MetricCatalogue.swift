import Exposition
import Hypervisor

/// Every metric of the exporter, in the order of the exposition.
enum MetricCatalogue {
    /// The metrics of each collector; those of none are always served.
    static let groups: [(collector: MetricCollector?, metrics: [Metric])] = [
        (nil, exporterMetrics),
        (.domain, domainMetrics),
        (.memoryStats, memoryStatisticsMetrics),
        (.events, eventMetrics),
        (.limits, limitMetrics),
        (.openstack, openStackMetrics),
        (.host, hostMetrics),
        (nil, processMetrics),
    ]

    /// What a scrape of these collectors answers.
    static func families(_ readings: Readings, of collectors: Set<MetricCollector>) -> some Sequence<MetricFamily> {
        groups(of: collectors).lazy.flatMap { families(readings, of: $0.metrics) }
    }

    /// The groups of these collectors and of none.
    static func groups(of collectors: Set<MetricCollector>) -> [(collector: MetricCollector?, metrics: [Metric])] {
        groups.filter { $0.collector.map(collectors.contains) ?? true }
    }

    /// The families of these metrics: lazily, the samples of one family at a time.
    static func families(_ readings: Readings, of metrics: [Metric]) -> some Sequence<MetricFamily> {
        metrics.lazy.map { $0.family(readings) }
    }

    /// What the metrics say of a domain's configuration as labels, by their names.
    static func facts(of domain: DomainID, _ configuration: DomainConfiguration) -> [String: Labels] {
        var labels: [String: Labels] = [:]
        for (name, facts) in metricsWithFacts {
            labels[name] = facts.labels(of: domain, configuration)
        }
        return labels
    }

    private static let metricsWithFacts = groups.flatMap(\.metrics).compactMap { metric in
        metric.facts.map { (metric.description.name, $0) }
    }
}
