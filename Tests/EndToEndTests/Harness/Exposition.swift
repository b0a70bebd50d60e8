/// A text exposition (0.0.4 or OpenMetrics), read strictly: what a lenient scraper would let pass is an error here.
struct Exposition: Sendable {
    private(set) var samples: [Sample] = []
    /// By the name of the family.
    private(set) var types: [String: String] = [:]
    private(set) var helps: [String: String] = [:]

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw TestbedError("the last line of the exposition does not end") }
        var openFamily: String?
        var closedFamilies: Set<String> = []
        var seen: Set<Sample.Identity> = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            let family: String
            if line.hasPrefix("#") {
                if line == "# EOF" { continue }
                family = try readComment(line)
            } else {
                let sample = try Self.sample(of: line)
                guard seen.insert(sample.identity).inserted else { throw TestbedError("twice there: \(line)") }
                samples.append(sample)
                family = try familyName(of: sample)
            }
            if family != openFamily {
                if let openFamily { closedFamilies.insert(openFamily) }
                guard !closedFamilies.contains(family) else { throw TestbedError("apart from its family: \(line)") }
                openFamily = family
            }
        }
    }

    /// The samples of this name with these labels, and perhaps others.
    func samples(_ name: String, _ labels: [String: String] = [:]) -> [Sample] {
        samples.filter { sample in
            sample.name == name && labels.allSatisfy { sample.labels[$0.key] == $0.value }
        }
    }

    /// The value of the one sample of this name with these labels, nil when there is none.
    func value(_ name: String, _ labels: [String: String] = [:]) throws -> Double? {
        let found = samples(name, labels)
        guard found.count <= 1 else { throw TestbedError("\(found.count) samples of \(name) with \(labels)") }
        return found.first?.value
    }

    /// Reads HELP, TYPE or UNIT, and says whose it is.
    private mutating func readComment(_ line: Substring) throws -> String {
        let words = line.split(separator: " ", maxSplits: 3)
        guard words.count >= 3, words[0] == "#" else { throw TestbedError("neither HELP nor TYPE: \(line)") }
        let family = String(words[2])
        let text = words.count == 4 ? String(words[3]) : ""
        switch words[1] {
        case "HELP":
            guard helps.updateValue(text, forKey: family) == nil else { throw TestbedError("second HELP: \(line)") }
        case "TYPE":
            guard types.updateValue(text, forKey: family) == nil else { throw TestbedError("second TYPE: \(line)") }
        case "UNIT":
            guard family.hasSuffix("_" + text) else { throw TestbedError("not the unit of the name: \(line)") }
        default:
            throw TestbedError("neither HELP nor TYPE: \(line)")
        }
        return family
    }

    /// The family that the sample belongs to, which must have a type already.
    private func familyName(of sample: Sample) throws -> String {
        if types[sample.name] != nil { return sample.name }
        // In OpenMetrics a family is named without the suffix of its type.
        for (suffix, type) in [("_total", "counter"), ("_info", "info")] where sample.name.hasSuffix(suffix) {
            let family = String(sample.name.dropLast(suffix.count))
            if types[family] == type { return family }
        }
        throw TestbedError("no TYPE before \(sample.name)")
    }

    private static func sample(of line: Substring) throws -> Sample {
        let malformed = TestbedError("malformed sample: \(line)")
        var rest = line
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
        guard let first = name.first, !first.isNumber else { throw malformed }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let (label, value) = try takeLabel(from: &rest, or: malformed)
                guard labels.updateValue(value, forKey: label) == nil else { throw malformed }
                if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "}" { throw malformed }
            }
            rest = rest.dropFirst()
        }
        // No timestamp may follow: it would break staleness.
        guard rest.first == " ", let value = Double(rest.dropFirst()) else { throw malformed }
        return Sample(name: String(name), labels: labels, value: value)
    }

    private static func takeLabel(
        from rest: inout Substring,
        or malformed: TestbedError
    ) throws -> (name: String, value: String) {
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        rest = rest.dropFirst(name.count)
        guard !name.isEmpty, rest.hasPrefix("=\"") else { throw malformed }
        rest = rest.dropFirst(2)
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"":
                return (String(name), value)
            case "\\":
                switch rest.popFirst() {
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                case "n": value.append("\n")
                default: throw malformed
                }
            default:
                value.append(character)
            }
        }
        throw malformed
    }
}

extension Sample {
    fileprivate struct Identity: Hashable {
        let name: String
        let labels: [String: String]
    }

    fileprivate var identity: Identity { Identity(name: name, labels: labels) }
}
