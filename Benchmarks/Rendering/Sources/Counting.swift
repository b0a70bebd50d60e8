import Exposition

@testable import ExporterService

/// The work whose instructions are counted.
enum CountedWork: String, CaseIterable {
    /// Making the labels of all domains.
    case labelsMade = "labels-made"
    /// Finding that all of them still hold.
    case labelsKept = "labels-kept"
    /// Reading and writing all samples.
    case text
    /// The same in the other format.
    case openMetrics = "openmetrics"

    /// Does it once, between two calls of nothing but itself that callgrind can tell by name.
    func run(on host: SyntheticHost) {
        let (first, next) = (host.snapshot(afterScrapes: 1), host.snapshot(afterScrapes: 2))
        var kept = KeptLabels()
        let readings = host.readings(of: next, kept.label(first.domains))
        // What is made once for a process is made before.
        write(readings, .text)
        switch self {
        case .labelsMade:
            var nothingKept = KeptLabels()
            countedWork { _ = nothingKept.label(first.domains) }
        case .labelsKept: countedWork { _ = kept.label(next.domains) }
        case .text: countedWork { write(readings, .text) }
        case .openMetrics: countedWork { write(readings, .openMetrics) }
        }
    }

    private func write(_ readings: Readings, _ format: ExpositionFormat) {
        let families = MetricCatalogue.families(readings, of: SyntheticHost.usualCollectors)
        var buffer: [UInt8] = []
        format.append(families, to: &buffer, handingOnFrom: 256 << 10) { $0.removeAll(keepingCapacity: true) }
    }
}

/// What callgrind is told to count within, by its name.
@_optimize(none)
private func countedWork(_ work: () -> Void) {
    work()
}
