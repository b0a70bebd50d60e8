import ArgumentParser
import ExporterService
import Logging

extension LogFormat: ExpressibleByArgument {}

/// The permissions of `--web.unix-socket-mode`.
struct UnixSocketMode {
    let bits: UInt32

    init(bits: UInt32) {
        self.bits = bits
    }

    /// Reads permissions as chmod(1) takes them by number: `0660`, `666`.
    init(parsing text: String) throws {
        let digits = text.utf8.allSatisfy { (0x30...0x37).contains($0) }
        guard digits, text.count <= 4, let bits = UInt32(text, radix: 8), bits <= 0o777 else {
            throw ValidationError("'\(text)' is no mode of a socket; write it in octal, as 0660 or 0666")
        }
        self.bits = bits
    }
}

/// A level of `--log.level`.
struct LogLevel: ExpressibleByArgument {
    let level: Logger.Level

    init(level: Logger.Level) {
        self.level = level
    }

    init?(argument: String) {
        guard let level = Logger.Level.operatorLevels.first(where: { $0.operatorName == argument }) else { return nil }
        self.level = level
    }

    var defaultValueDescription: String { level.operatorName }

    static var allValueStrings: [String] { Logger.Level.operatorLevels.map(\.operatorName) }
}
