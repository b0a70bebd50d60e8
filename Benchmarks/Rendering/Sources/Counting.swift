import Exposition

@testable import ExporterService
@testable import Hypervisor

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

    /// Does it once, in a function of its own for callgrind to count in, and prints a figure that depends on it.
    func run(on host: SyntheticHost) {
        let (first, next) = (host.snapshot(afterScrapes: 1), host.snapshot(afterScrapes: 2))
        var kept = KeptLabels()
        let readings = host.readings(of: next, kept.label(first.domains))
        // What is made once for a process is made before.
        write(readings, .text)
        let count =
            switch self {
            case .labelsMade: countedWork { KeptLabels.labelledAnew(next.domains) }
            case .labelsKept: countedWork { kept.label(next.domains).count }
            case .text: countedWork { write(readings, .text) }
            case .openMetrics: countedWork { write(readings, .openMetrics) }
            }
        print(count)
    }

    /// Writes everything as an answer is written, and gives its length.
    @discardableResult
    private func write(_ readings: Readings, _ format: ExpositionFormat) -> Int {
        let families = MetricCatalogue.families(readings, of: SyntheticHost.usualCollectors)
        var (buffer, count): ([UInt8], Int) = ([], 0)
        format.append(families, to: &buffer, handingOnFrom: 256 << 10) { buffer in
            count += buffer.count
            buffer.removeAll(keepingCapacity: true)
        }
        return count + buffer.count
    }
}

extension KeptLabels {
    fileprivate static func labelledAnew(_ domains: [DomainSample]) -> Int {
        var noneKept = KeptLabels()
        return noneKept.label(domains).count
    }
}

/// What callgrind is told to count within, by its name.
@inline(never)
@_optimize(none)
private func countedWork(_ work: () -> Int) -> Int {
    work()
}
