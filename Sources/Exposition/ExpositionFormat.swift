/// One of the two text formats that Prometheus reads.
public enum ExpositionFormat: CaseIterable, Sendable {
    /// Prometheus' text format, version 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// The value of the Content-Type field; Prometheus 3 refuses an answer without one.
    public var contentType: String {
        switch self {
        case .text: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// What stands behind the last family.
    public var end: [UInt8] {
        switch self {
        case .text: []
        case .openMetrics: Array("# EOF\n".utf8)
        }
    }

    /// The families in this format: a whole exposition.
    public func encode(_ families: some Sequence<MetricFamily>) -> [UInt8] {
        var output: [UInt8] = []
        append(families, to: &output, handingOnFrom: .max) { _ in }
        output.append(contentsOf: end)
        return output
    }

    /// Appends the families, and hands on what has come together whenever that is so many bytes or more, so that an
    /// exposition of any size needs a buffer of this size; what is left at the end stays in the buffer.
    ///
    /// - Parameter handOn: has to empty the buffer.
    public func append(
        _ families: some Sequence<MetricFamily>,
        to buffer: inout [UInt8],
        handingOnFrom size: Int,
        _ handOn: (inout [UInt8]) -> Void
    ) {
        for family in families where !family.samples.isEmpty {
            buffer.append(contentsOf: family.description.head(in: self))
            let samples = family.samples.span
            for index in samples.indices {
                buffer.append(samples[index], named: family.description.sampleName)
                if buffer.count >= size { handOn(&buffer) }
            }
        }
    }

    /// The lines that say once what a family is.
    func head(name: String, kind: MetricDescription.Kind, unit: String?, help: String) -> [UInt8] {
        let familyName = familyName(name, kind)
        var head = Array("# TYPE \(familyName) \(typeName(of: kind))\n".utf8)
        if self == .openMetrics, let unit {
            head.append(contentsOf: "# UNIT \(familyName) \(unit)\n".utf8)
        }
        head.append(contentsOf: "# HELP \(familyName) ".utf8)
        head.appendEscaped(help, quotes: self == .openMetrics)
        head.append(UInt8(ascii: "\n"))
        return head
    }

    /// OpenMetrics' families go by the name without the suffix that its samples have (OpenMetrics 1.0.0, Suffixes).
    private func familyName(_ name: String, _ kind: MetricDescription.Kind) -> Substring {
        guard self == .openMetrics else { return Substring(name) }
        return switch kind {
        case .gauge: Substring(name)
        case .counter: name.dropLast("_total".count)
        case .info: name.dropLast("_info".count)
        }
    }

    private func typeName(of kind: MetricDescription.Kind) -> String {
        switch (kind, self) {
        case (.counter, _): "counter"
        case (.info, .openMetrics): "info"
        case (.gauge, _), (.info, .text): "gauge"
        }
    }
}
