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

    /// The families in this format.
    public func encode(_ families: some Sequence<MetricFamily>) -> [UInt8] {
        var output: [UInt8] = []
        for family in families where !family.samples.isEmpty {
            append(family, to: &output)
        }
        if self == .openMetrics { output.append(contentsOf: "# EOF\n".utf8) }
        return output
    }

    private func append(_ family: MetricFamily, to output: inout [UInt8]) {
        let familyName = name(of: family)
        output.append(contentsOf: "# TYPE \(familyName) \(typeName(of: family.kind))\n".utf8)
        if self == .openMetrics, let unit = family.unit {
            output.append(contentsOf: "# UNIT \(familyName) \(unit)\n".utf8)
        }
        output.append(contentsOf: "# HELP \(familyName) ".utf8)
        output.appendEscaped(family.help, quotes: self == .openMetrics)
        output.append(UInt8(ascii: "\n"))

        let sampleName = Array(family.name.utf8)
        for sample in family.samples {
            output.append(contentsOf: sampleName)
            if sample.labels != .none {
                output.append(UInt8(ascii: "{"))
                output.append(contentsOf: sample.labels.bytes)
                output.append(UInt8(ascii: "}"))
            }
            output.append(UInt8(ascii: " "))
            output.append(sample.value)
            output.append(UInt8(ascii: "\n"))
        }
    }

    /// OpenMetrics' families go by the name without the suffix that its samples have (OpenMetrics 1.0.0, Suffixes).
    private func name(of family: MetricFamily) -> Substring {
        guard self == .openMetrics else { return Substring(family.name) }
        return switch family.kind {
        case .gauge: Substring(family.name)
        case .counter: family.name.dropLast("_total".count)
        case .info: family.name.dropLast("_info".count)
        }
    }

    private func typeName(of kind: MetricFamily.Kind) -> String {
        switch (kind, self) {
        case (.counter, _): "counter"
        case (.info, .openMetrics): "info"
        case (.gauge, _), (.info, .text): "gauge"
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ value: Sample.Value) {
        switch value {
        case .whole(let number):
            append(contentsOf: "\(number)".utf8)
        case .fraction(let number) where number.isNaN:
            append(contentsOf: "NaN".utf8)
        case .fraction(let number) where number.isInfinite:
            append(contentsOf: (number < 0 ? "-Inf" : "+Inf").utf8)
        case .fraction(let number):
            append(contentsOf: number.description.utf8)
        }
    }
}
