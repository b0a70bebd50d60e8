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

/// The period of `--memory-stats.period`.
struct MemoryStatsPeriod {
    /// 0: no period is set.
    let seconds: UInt32

    init(seconds: UInt32) {
        self.seconds = seconds
    }

    /// Reads a duration. QEMU polls by whole seconds; libvirt takes an int, and a guest that is asked once a day is not
    /// asked at all.
    init(parsing text: String) throws {
        let parts = try PrometheusDuration(parsing: text).duration.components
        guard parts.attoseconds == 0, (0...86_400).contains(parts.seconds) else {
            throw ValidationError(
                "'\(text)' cannot be a statistics period: it is whole seconds, at most a day, or 0 to set none"
            )
        }
        seconds = UInt32(parts.seconds)
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
