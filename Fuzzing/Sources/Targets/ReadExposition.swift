/// A line of an exposition with a figure, as Prometheus reads it.
struct ReadSample: Equatable {
    let name: String
    let labels: [String: String]
    let value: String
}

/// Reads an exposition byte by byte, for a Character may hold a quotation mark and more.
func readExposition(_ bytes: [UInt8]) throws -> (comments: [String], samples: [ReadSample]) {
    try require(bytes.last == UInt8(ascii: "\n"), "the last line does not end")
    var comments: [String] = []
    var samples: [ReadSample] = []
    for line in bytes.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
        if line.first == UInt8(ascii: "#") {
            comments.append(String(decoding: line, as: UTF8.self))
        } else {
            samples.append(try readSample(line))
        }
    }
    return (comments, samples)
}

private func readSample(_ line: ArraySlice<UInt8>) throws -> ReadSample {
    let malformed = Violation(description: "a malformed line: \(String(decoding: line, as: UTF8.self))")
    var rest = line
    let name = takeName(&rest)
    var labels: [String: String] = [:]
    if rest.first == UInt8(ascii: "{") {
        repeat {
            rest.removeFirst()
            let label = takeName(&rest)
            guard rest.starts(with: "=\"".utf8) else { throw malformed }
            rest.removeFirst(2)
            guard let value = takeValue(&rest), labels.updateValue(value, forKey: label) == nil else { throw malformed }
        } while rest.first == UInt8(ascii: ",")
        guard rest.popFirst() == UInt8(ascii: "}") else { throw malformed }
    }
    guard !name.isEmpty, rest.popFirst() == UInt8(ascii: " "), Double(String(decoding: rest, as: UTF8.self)) != nil
    else {
        throw malformed
    }
    return ReadSample(name: name, labels: labels, value: String(decoding: rest, as: UTF8.self))
}

private func takeName(_ rest: inout ArraySlice<UInt8>) -> String {
    let name = rest.prefix { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_") }
    rest = rest.dropFirst(name.count)
    return String(decoding: name, as: UTF8.self)
}

/// Takes a label's value up to its closing quotation mark; nil where it does not end or an escape is none.
private func takeValue(_ rest: inout ArraySlice<UInt8>) -> String? {
    var value: [UInt8] = []
    while let byte = rest.popFirst() {
        switch byte {
        case UInt8(ascii: "\""):
            return String(decoding: value, as: UTF8.self)
        case UInt8(ascii: "\\"):
            switch rest.popFirst() {
            case UInt8(ascii: "\\"): value.append(UInt8(ascii: "\\"))
            case UInt8(ascii: "\""): value.append(UInt8(ascii: "\""))
            case UInt8(ascii: "n"): value.append(UInt8(ascii: "\n"))
            default: return nil
            }
        default:
            value.append(byte)
        }
    }
    return nil
}
