/// A label set, escaped already, so that it can be made once and written often.
public struct Labels: Hashable, Sendable {
    /// What stands between the braces; empty for no labels.
    let bytes: [UInt8]

    var isEmpty: Bool { bytes.isEmpty }

    /// The empty label set.
    public static let none = Labels(bytes: [])

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The label set of these names and values, in this order.
    ///
    /// A name is written as it is and must be one of the format (`[a-zA-Z_][a-zA-Z0-9_]*`); a value may be any text.
    public init(_ pairs: [(name: String, value: String)]) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pairs.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 4 })
        for (name, value) in pairs {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: name.utf8)
            bytes.append(contentsOf: "=\"".utf8)
            bytes.appendEscaped(value, quotes: true)
            bytes.append(UInt8(ascii: "\""))
        }
        self.init(bytes: bytes)
    }
}

extension [UInt8] {
    /// Appends a text with backslash and line feed escaped, and the quotation mark too where it is quoted: the escapes
    /// of both text formats for label values and, in OpenMetrics, HELP (text 0.0.4 leaves quotes in HELP alone).
    mutating func appendEscaped(_ text: String, quotes: Bool) {
        guard
            text.utf8.contains(where: {
                $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\"")
            })
        else {
            append(contentsOf: text.utf8)
            return
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\n"): append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\"") where quotes: append(contentsOf: #"\""#.utf8)
            default: append(byte)
            }
        }
    }
}
