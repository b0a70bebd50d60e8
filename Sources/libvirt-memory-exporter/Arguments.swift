import ArgumentParser
import ExporterService
import Logging

extension LogFormat: ExpressibleByArgument {}

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
