import Yams

/// A YAML document that is small and flat, before anything recursive gets to see it.
///
/// libyaml's scanner is slow where brackets nest, and Yams recurses into whatever it finds; a Swift task's stack is half
/// a megabyte. And an alias that repeats an alias makes ten lines of text into a billion values.
enum YAMLText {
    /// More than the certificates and keys of a large configuration take.
    static let maximumBytes = 256 * 1024
    /// Block collections nest only behind indentation and indicators, so this bounds how deep.
    private static let maximumIndentation = 32
    /// Flow collections: far more than lists of suites and curves take, in comments and quotes too.
    private static let maximumBrackets = 64

    /// The document's root, or nil where there is none but comments.
    static func root(of bytes: [UInt8]) throws(WebConfigurationError) -> YAMLValue? {
        guard bytes.count <= maximumBytes else {
            throw WebConfigurationError(reason: "the file is larger than \(maximumBytes / 1024) KiB")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw WebConfigurationError(reason: "the file is not UTF-8")
        }
        // YAML 1.1 ends lines with these too, which nobody can see.
        guard !text.unicodeScalars.contains(where: { [0x85, 0x2028, 0x2029].contains($0.value) }) else {
            throw WebConfigurationError(reason: "the file holds a line separator of Unicode (U+0085, U+2028 or U+2029)")
        }
        try checkShape(of: bytes)
        do {
            // No rules: what a plain word means is for the key's own reader to say.
            return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot().map { YAMLValue(node: $0) }
        } catch {
            throw WebConfigurationError(error as? YamlError)
        }
    }

    private static func checkShape(of bytes: [UInt8]) throws(WebConfigurationError) {
        var brackets = 0
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, line) in zip(1..., lines) {
            func error(at index: Int, _ reason: String) -> WebConfigurationError {
                WebConfigurationError(
                    position: .init(line: number, column: index - line.startIndex + 1),
                    reason: reason
                )
            }
            if let index = line.dropLast().firstIndex(of: UInt8(ascii: "\r")) {
                throw error(at: index, "a carriage return without a line feed")
            }
            let content = line.firstIndex { !" -?:\t".utf8.contains($0) } ?? line.endIndex
            guard content - line.startIndex <= maximumIndentation || content == line.endIndex else {
                throw error(at: content, "indented by more than \(maximumIndentation) columns")
            }
            brackets += line.count { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }
            guard brackets <= maximumBrackets else {
                throw error(at: line.startIndex, "more than \(maximumBrackets) brackets")
            }
            // A line that begins as a comment is one, or belongs to a text.
            if content < line.endIndex && line[content] == UInt8(ascii: "#") { continue }
            if let anchor = line.indices.first(where: { isAnchor(at: $0, in: line) }) {
                throw error(at: anchor, "an anchor (&name), which this file may not have: write the value out")
            }
        }
    }

    /// Whether `&` and a name begin here, where a value may begin.
    private static func isAnchor(at index: Int, in line: ArraySlice<UInt8>) -> Bool {
        guard line[index] == UInt8(ascii: "&") else { return false }
        let isAtStart = index == line.startIndex || " \t-?:,[{".utf8.contains(line[index - 1])
        let next = index + 1 < line.endIndex ? line[index + 1] : UInt8(ascii: " ")
        return isAtStart && !" \t".utf8.contains(next)
    }
}

extension WebConfigurationError {
    /// Yams' own description quotes the lines around the error, and a secret may be in them.
    fileprivate init(_ error: YamlError?) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(position: .init(mark), reason: "no YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.init(
                position: .init(context.mark),
                key: duplicates.first.map(YAMLValue.shown) ?? "",
                reason: "the key stands there twice"
            )
        case .reader(let problem, _, _, _):
            self.init(reason: "no YAML: \(problem)")
        default:
            self.init(reason: "no YAML")
        }
    }
}

extension WebConfigurationError.Position {
    init(_ mark: Mark) {
        self.init(line: mark.line, column: mark.column)
    }
}
