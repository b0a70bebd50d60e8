import Exposition

/// Every metric of the exporter, in the order of the exposition.
enum MetricCatalogue {
    /// All of them.
    static let metrics = exporterMetrics + domainInfoMetrics + memoryStatisticsMetrics + processMetrics

    /// What a scrape answers.
    static func families(_ readings: Readings) -> some Sequence<MetricFamily> {
        // Lazily: the samples of one family at a time.
        metrics.lazy.map { $0.family(readings) }
    }
}
