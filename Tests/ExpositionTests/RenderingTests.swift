import Testing

@testable import Exposition

/// The fast way against the plain one, on random families.
@Suite struct RenderingTests {
    /// A family as it is described here, to be rendered by interpolation.
    private struct PlainFamily {
        var name: String
        var kind: MetricDescription.Kind
        var unit: String?
        var help: String
        var samples:
            [(labels: [(name: String, value: String)], further: [(name: String, value: String)], value: Sample.Value)]

        var family: MetricFamily {
            MetricFamily(
                MetricDescription(name: name, kind: kind, unit: unit, help: help),
                samples: samples.map { Sample(Labels($0.labels), and: Labels($0.further), $0.value) }
            )
        }

        private func escaped(_ text: String, quotes: Bool) -> String {
            text.unicodeScalars.map { scalar in
                switch scalar {
                case "\\": #"\\"#
                case "\n": #"\n"#
                case "\"" where quotes: #"\""#
                default: String(scalar)
                }
            }.joined()
        }

        private func text(_ value: Sample.Value) -> String {
            switch value {
            case .whole(let number): String(number)
            case .fraction(let number):
                number.isNaN ? "NaN" : number.isInfinite ? (number > 0 ? "+Inf" : "-Inf") : String(number)
            }
        }

        func text(in format: ExpositionFormat) -> String {
            guard !samples.isEmpty else { return "" }
            var (familyName, type) = (name, "\(kind)")
            if format == .openMetrics {
                if kind == .counter { familyName.removeLast(6) }
                if kind == .info { familyName.removeLast(5) }
            } else if kind == .info {
                type = "gauge"
            }
            var lines = ["# TYPE \(familyName) \(type)"]
            if format == .openMetrics, let unit { lines.append("# UNIT \(familyName) \(unit)") }
            lines.append("# HELP \(familyName) \(escaped(help, quotes: format == .openMetrics))")
            for sample in samples {
                let labels = (sample.labels + sample.further)
                    .map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
                lines.append("\(name)\(labels.isEmpty ? "" : "{\(labels)}") \(text(sample.value))")
            }
            return lines.map { $0 + "\n" }.joined()
        }
    }

    private static func randomText(_ random: inout some RandomNumberGenerator) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "Z", "0", " ", "\\", "\"", "\n", "\r", "\t", "\0", "é", "\u{301}", "🦊", "{", "}", ",",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &random) { text.append(scalars.randomElement(using: &random)!) }
        return String(text)
    }

    private static func randomLabels(
        _ names: [String],
        _ random: inout some RandomNumberGenerator
    ) -> [(name: String, value: String)] {
        names.prefix(Int.random(in: 0...names.count, using: &random)).map { ($0, randomText(&random)) }
    }

    private static func randomValue(_ random: inout some RandomNumberGenerator) -> Sample.Value {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .whole(UInt64.random(in: 0...20, using: &random))
        case 1: .whole(UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0..<64, using: &random))
        case 2: .fraction(Double(UInt64.random(in: 0...(1 << 53), using: &random)) / 1e9)
        default: .fraction(Double(bitPattern: UInt64.random(in: 0...(.max), using: &random)))
        }
    }

    private static func randomFamily(_ random: inout some RandomNumberGenerator) -> PlainFamily {
        let kind = [MetricDescription.Kind.gauge, .counter, .info].randomElement(using: &random)!
        let unit = kind == .info ? nil : [nil, "bytes", "seconds"].randomElement(using: &random)!
        let suffix = kind == .counter ? "_total" : kind == .info ? "_info" : ""
        return PlainFamily(
            name: "family_\(Int.random(in: 0..<1000, using: &random))\(unit.map { "_\($0)" } ?? "")\(suffix)",
            kind: kind,
            unit: unit,
            help: randomText(&random),
            samples: (0..<Int.random(in: 0...20, using: &random)).map { _ in
                (randomLabels(["domain", "uuid"], &random), randomLabels(["state"], &random), randomValue(&random))
            }
        )
    }

    @Test(arguments: ExpositionFormat.allCases)
    func anyFamiliesComeOutAsByInterpolation(format: ExpositionFormat) {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let families = (0..<5).map { _ in Self.randomFamily(&random) }
            let expected = families.map { $0.text(in: format) }.joined() + String(decoding: format.end, as: UTF8.self)
            #expect(format.encode(families.map(\.family)) == Array(expected.utf8))
        }
    }

    @Test(arguments: [1, 100, 5000])
    func whatIsHandedOnInPiecesIsTheSame(size: Int) {
        var random = SystemRandomNumberGenerator()
        let families = (0..<50).map { _ in Self.randomFamily(&random).family }
        var (buffer, pieces): ([UInt8], [[UInt8]]) = ([], [])
        ExpositionFormat.text.append(families, to: &buffer, handingOnFrom: size) { buffer in
            pieces.append(buffer)
            buffer.removeAll(keepingCapacity: true)
        }
        #expect(pieces.allSatisfy { $0.count >= size })
        #expect(buffer.count < size)
        #expect(Array(pieces.joined()) + buffer == ExpositionFormat.text.encode(families))
    }

    @Test func aBufferOfSuchPiecesStaysSmall() {
        let family = MetricFamily(
            MetricDescription(name: "many", kind: .gauge, help: "Many."),
            samples: [Sample](repeating: Sample(.none, .whole(.max)), count: 100_000)
        )
        var (buffer, largest, total): ([UInt8], Int, Int) = ([], 0, 0)
        ExpositionFormat.text.append([family], to: &buffer, handingOnFrom: 10_000) { buffer in
            largest = max(largest, buffer.capacity)
            total += buffer.count
            buffer.removeAll(keepingCapacity: true)
        }
        #expect(total > 2_000_000)
        #expect(largest < 30_000)
    }

    private func written(_ value: Sample.Value) -> String {
        var line: [UInt8] = []
        line.append(Sample(.none, value), named: [])
        return String(decoding: line.dropFirst().dropLast(), as: UTF8.self)
    }

    @Test func wholeNumbersAreWrittenAsTheirDescription() {
        var numbers: [UInt64] = [0, .max, .max - 1, UInt64(Int64.max), 1 << 53]
        var power: UInt64 = 1
        for _ in 0..<20 {
            numbers += [power - 1, power, power + 1, power &* 9]
            power = power.multipliedReportingOverflow(by: 10).partialValue
        }
        for shift in UInt64(0)..<64 {
            numbers += (0..<100).map { _ in UInt64.random(in: 0...(.max)) >> shift }
        }
        for number in numbers { #expect(written(.whole(number)) == number.description) }
    }

    @Test func fractionsAreWrittenAsTheirDescription() {
        var numbers: [Double] = [
            0, -0.0, 1, -1, .pi, .ulpOfOne, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
            -.greatestFiniteMagnitude, 0.1, 0.3, 1e15, 1e16, 1e17, 123_456_789.123_456_79, 1e-4, 1e-5,
            9_007_199_254_740_992, 9_007_199_254_740_994, 1_763_722_444.123_456,
        ]
        numbers += (-320...308).map { Double("1e\($0)")! }
        for _ in 0..<20_000 {
            let random = Double(bitPattern: UInt64.random(in: 0...(.max)))
            if random.isFinite { numbers.append(random) }
            numbers.append(Double(UInt64.random(in: 0...(.max)) >> 10) / 1e9)
        }
        for number in numbers { #expect(written(.fraction(number)) == number.description) }
    }
}
