/// A metric family: samples of one name, with what is said of them once.
public struct MetricFamily: Sendable {
    /// What is said of them once.
    public let description: MetricDescription
    /// The samples, each with another label set.
    public var samples: [Sample]

    /// A family of these samples.
    public init(_ description: MetricDescription, samples: [Sample]) {
        self.description = description
        self.samples = samples
    }
}

/// What is said of a metric family once, and the lines that say it, made once.
public struct MetricDescription: Sendable {
    /// The type of a family, as far as an exporter of figures that are kept elsewhere has use for it.
    public enum Kind: Sendable {
        /// A figure that goes up and down.
        case gauge
        /// A figure that only goes up until it starts again at zero; its samples' names end in `_total`.
        case counter
        /// Facts as labels of a sample that is always 1; its samples' names end in `_info`.
        case info
    }

    /// The full name of the samples, with `_total` or `_info` where the kind asks for it.
    public let name: String
    /// The type.
    public let kind: Kind
    /// The unit, as it stands at the end of the name, as `bytes` or `seconds`; nil for a plain number.
    public let unit: String?
    /// What the figure is, for a person; one line.
    public let help: String

    /// The name as each sample's line begins with it.
    let sampleName: [UInt8]
    private let textHead: [UInt8]
    private let openMetricsHead: [UInt8]

    /// A family of this name, type, unit and meaning.
    public init(name: String, kind: Kind, unit: String? = nil, help: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        sampleName = Array(name.utf8)
        textHead = ExpositionFormat.text.head(name: name, kind: kind, unit: unit, help: help)
        openMetricsHead = ExpositionFormat.openMetrics.head(name: name, kind: kind, unit: unit, help: help)
    }

    /// The lines before the samples.
    func head(in format: ExpositionFormat) -> [UInt8] {
        switch format {
        case .text: textHead
        case .openMetrics: openMetricsHead
        }
    }
}

/// One figure of a family.
public struct Sample: Sendable {
    /// The figure: whole where it is, for a whole number above 2⁵³ does not survive as a fraction.
    public enum Value: Hashable, Sendable {
        /// A whole number.
        case whole(UInt64)
        /// Any number.
        case fraction(Double)
    }

    /// What tells it from the family's other samples.
    public let labels: Labels
    /// Labels that come behind those, where the two are made apart.
    public let furtherLabels: Labels
    /// The figure.
    public let value: Value

    /// A sample of these labels and this figure.
    public init(_ labels: Labels = .none, and furtherLabels: Labels = .none, _ value: Value) {
        self.labels = labels
        self.furtherLabels = furtherLabels
        self.value = value
    }
}
