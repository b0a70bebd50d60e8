/// A metric family: samples of one name, with what is said of them once.
public struct MetricFamily: Sendable {
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
    /// The samples, each with another label set.
    public var samples: [Sample]

    /// A family of these samples.
    public init(name: String, kind: Kind, unit: String? = nil, help: String, samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.help = help
        self.samples = samples
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
    /// The figure.
    public let value: Value

    /// A sample of these labels and this figure.
    public init(_ labels: Labels = .none, _ value: Value) {
        self.labels = labels
        self.value = value
    }
}
