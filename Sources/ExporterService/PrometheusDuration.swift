/// A duration as Prometheus writes it: `10s`, `500ms`, `1m`, `1h30m`; a bare number is seconds.
package struct PrometheusDuration: Hashable, Sendable, CustomStringConvertible {
    /// The duration.
    package let duration: Duration

    /// A duration.
    package init(_ duration: Duration) {
        self.duration = duration
    }

    /// The units, from the largest to the smallest, as Prometheus orders them (common/model, ParseDuration).
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000),
        ("s", 1000), ("ms", 1),
    ]

    /// Reads a duration. None is a text with units in another order, twice, or without a number, with a negative number
    /// or a fraction, or of more than 64 bits of milliseconds.
    ///
    /// - Throws: `PrometheusDurationError` where the text is no duration.
    package init(parsing text: String) throws(PrometheusDurationError) {
        guard let duration = Self(text) else { throw PrometheusDurationError(text: text) }
        self = duration
    }

    private init?(_ text: String) {
        if let seconds = Int64(text), seconds >= 0, text.first?.isNumber == true {
            let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
            guard !overflow else { return nil }
            self.init(.milliseconds(milliseconds))
            return
        }
        var rest = text[...]
        var units = Self.units[...]
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            let name = rest.dropFirst(digits.count).prefix { $0.isLetter }
            guard let number = Int64(digits), let index = units.firstIndex(where: { $0.name == name }) else {
                return nil
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: units[index].milliseconds)
            let (sum, sumOverflow) = total.addingReportingOverflow(product)
            guard !overflow, !sumOverflow else { return nil }
            total = sum
            units = units[(index + 1)...]
            rest = rest.dropFirst(digits.count + name.count)
        }
        self.init(.milliseconds(total))
    }

    /// The shortest form that reads back as the same duration.
    package var description: String {
        var rest = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in Self.units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}

/// A text that is no duration.
package struct PrometheusDurationError: Error, Equatable, CustomStringConvertible {
    /// The text.
    package let text: String

    /// What is wrong with the text, and what would be right.
    package var description: String {
        "'\(text)' is no duration; write it as 10s, 500ms, 1m or 1m30s, or as whole seconds"
    }
}
