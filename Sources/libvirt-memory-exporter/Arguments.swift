import ArgumentParser
import ExporterService
import Logging
import MetricsHTTP

extension PrometheusDuration: ExpressibleByArgument {
    /// Reads `10s`, `500ms`, `1m` or a bare number of seconds.
    public init?(argument: String) {
        self.init(argument)
    }

    /// The default as the help shows it.
    public var defaultValueDescription: String { description }
}

extension ListenAddress: ExpressibleByArgument {
    /// Reads `ADDRESS:PORT`, `:PORT` or `unix:PATH`.
    public init?(argument: String) {
        try? self.init(parsing: argument)
    }
}

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
