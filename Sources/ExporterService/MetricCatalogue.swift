import Exposition

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
        // Lazily: the samples of one family at a time.
        groups.lazy.filter { $0.collector.map(collectors.contains) ?? true }
            .flatMap(\.metrics)
            .map { $0.family(readings) }
    }
}
