import Exposition
import Hypervisor

/// Renders answers, one at a time, and keeps what all answers of one snapshot share: what each collector's metrics say of
/// it, in each format, plain and compressed.
///
/// A scrape costs no more than the exporter's own metrics where another scrape shared its snapshot. They are rendered anew
/// each time: they are of the moment, and no part of the snapshot.
actor Renderer {
    /// Which of the shared parts of an answer.
    private struct Part: Hashable {
        let collector: MetricCollector
        let format: ExpositionFormat
    }

    /// So many bytes are rendered before they are sent or compressed on their way: they stay in a processor's cache, and
    /// an answer of any size needs a buffer of this size and not one of its own.
    private static let pieceSize = 256 << 10

    private var snapshot: Snapshot.Identity?
    private var domains: [LabelledDomain] = []
    private var plain: [Part: [[UInt8]]] = [:]
    private var compressed: [Part: DeflatedBytes] = [:]
    private var keptLabels = KeptLabels()
    private var buffer: [UInt8] = []

    /// A snapshot's domains with their labels, which are escaped once and kept.
    func labelledDomains(of snapshot: Snapshot) -> [LabelledDomain] {
        keepOnly(snapshot)
        return domains
    }

    /// What these collectors say, as a body in pieces.
    func plain(_ readings: Readings, of collectors: Set<MetricCollector>, in format: ExpositionFormat) -> [[UInt8]] {
        keepOnly(readings.snapshot)
        var pieces: [[UInt8]] = []
        for (collector, metrics) in MetricCatalogue.groups(of: collectors) {
            pieces += shared(&plain, collector, format) {
                var pieces: [[UInt8]] = []
                render(metrics, readings, in: format) { bytes in
                    // A copy, which has no more room than it needs.
                    pieces.append([])
                    pieces[pieces.count - 1].reserveCapacity(bytes.count)
                    pieces[pieces.count - 1].append(contentsOf: bytes)
                }
                return pieces
            }
        }
        return pieces + [format.end]
    }

    /// What these collectors say, as a gzip member in pieces.
    func compressed(_ readings: Readings, of collectors: Set<MetricCollector>, in format: ExpositionFormat) -> [[UInt8]]
    {
        keepOnly(readings.snapshot)
        var parts: [DeflatedBytes] = []
        for (collector, metrics) in MetricCatalogue.groups(of: collectors) {
            let part = shared(&compressed, collector, format) {
                var part = DeflatedBytes()
                render(metrics, readings, in: format) { part.append($0) }
                return part
            }
            parts.append(part)
        }
        var end = DeflatedBytes()
        end.append(format.end)
        return Gzip.member(of: parts + [end])
    }

    private func keepOnly(_ snapshot: Snapshot) {
        guard snapshot.identity !== self.snapshot else { return }
        self.snapshot = snapshot.identity
        domains = keptLabels.label(snapshot.domains)
        plain = [:]
        compressed = [:]
    }

    /// The part that is kept, or else made now; that of no collector is of the moment, and never kept.
    private func shared<Rendered>(
        _ kept: inout [Part: Rendered],
        _ collector: MetricCollector?,
        _ format: ExpositionFormat,
        _ make: () -> Rendered
    ) -> Rendered {
        guard let collector else { return make() }
        let part = Part(collector: collector, format: format)
        if let rendered = kept[part] { return rendered }
        let rendered = make()
        kept[part] = rendered
        return rendered
    }

    /// Renders the metrics, and hands the bytes on as they come together.
    private func render(
        _ metrics: [Metric],
        _ readings: Readings,
        in format: ExpositionFormat,
        _ handOn: ([UInt8]) -> Void
    ) {
        let families = MetricCatalogue.families(readings, of: metrics)
        format.append(families, to: &buffer, handingOnFrom: Self.pieceSize) { buffer in
            handOn(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
        if !buffer.isEmpty { handOn(buffer) }
        // One line may be of any size; the buffer is kept for what is usual.
        buffer.removeAll(keepingCapacity: buffer.capacity <= 4 * Self.pieceSize)
    }
}
