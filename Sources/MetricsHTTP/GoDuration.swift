extension Duration {
    /// A duration as Go writes it (pkg.go.dev/time, ParseDuration): `1s`, `1.5h`, `1m30s`, `500ms`, or 0 without a unit.
    ///
    /// - Returns: nil for anything else, and for negative ones and those of more than about three centuries.
    init?(goNotation text: String) {
        if text == "0" {
            self = .zero
            return
        }
        var rest = Substring(text).utf8
        var total: Double = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !(0x30...0x39).contains($0) && $0 != UInt8(ascii: ".") }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(String(Substring(digits))), let nanoseconds = Self.units[String(Substring(unit))]
            else { return nil }
            total += number * nanoseconds
        }
        guard total <= Double(Int64.max / 2) else { return nil }
        self = .nanoseconds(Int64(total))
    }

    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]
}
