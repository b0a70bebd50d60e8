import FoundationEssentials
import Glibc
import Logging

/// How log lines are written (as `--log.format` of Prometheus' own programs).
package enum LogFormat: String, CaseIterable, Sendable {
    /// Pairs of key=value.
    case logfmt
    /// An object a line.
    case json
}

/// Writes a log line an event on stderr, for systemd's journal or a container's log to pick up.
package struct OperatorLog: LogHandler {
    /// What is less severe than this is not logged.
    package var logLevel: Logger.Level
    /// What stands in each line.
    package var metadata: Logger.Metadata = [:]
    private let format: LogFormat

    /// A log of this level and format.
    package init(level: Logger.Level, format: LogFormat) {
        logLevel = level
        self.format = format
    }

    /// What stands in each line under this key.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes the line of one event: the time (RFC 3339), the level, the message, then the metadata by their keys.
    package func log(event: LogEvent) {
        var pairs = [
            ("ts", Date().ISO8601Format(Date.ISO8601FormatStyle(includingFractionalSeconds: true))),
            ("level", event.level.operatorName), ("msg", event.message.description),
        ]
        let metadata = metadata.merging(event.metadata ?? [:]) { _, new in new }
        pairs += metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value.description) }
        let line = Array(format.line(pairs).utf8)
        // One write a line, so that lines of several threads do not mix.
        _ = write(STDERR_FILENO, line, line.count)
    }
}

extension LogFormat {
    /// The line of these pairs, with its line feed.
    func line(_ pairs: [(key: String, value: String)]) -> String {
        switch self {
        case .logfmt:
            pairs.map { "\($0.key)=\(Self.isPlain($0.value) ? $0.value : Self.quoted($0.value))" }
                .joined(separator: " ") + "\n"
        case .json:
            "{" + pairs.map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }.joined(separator: ",") + "}\n"
        }
    }

    /// Whether a logfmt value needs no quotes.
    private static func isPlain(_ value: String) -> Bool {
        !value.isEmpty && value.unicodeScalars.allSatisfy { !isControl($0) && !#" "=\"#.unicodeScalars.contains($0) }
    }

    /// Whether a terminal may take the character for more than a character: the control characters of ASCII and
    /// Latin-1 (C0, DEL, C1).
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 32 || (127..<160).contains(scalar.value)
    }

    /// A JSON string (RFC 8259, section 7); logfmt's readers take the same.
    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += #"\""#
            case "\\": text += #"\\"#
            case "\n": text += #"\n"#
            case "\r": text += #"\r"#
            case "\t": text += #"\t"#
            case _ where isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

extension Logger.Level {
    /// The levels of `--log.level`, by the names that Prometheus' own programs have.
    package static let operatorLevels: [Logger.Level] = [.debug, .info, .warning, .error]

    /// The name in `--log.level` and in log lines: Prometheus' own programs say `warn`.
    package var operatorName: String { self == .warning ? "warn" : rawValue }
}
