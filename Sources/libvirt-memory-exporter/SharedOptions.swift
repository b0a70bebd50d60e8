import ArgumentParser
import ExporterService
import FoundationEssentials
import Logging

/// Which hypervisor: of the exporter, `list` and `period`.
struct HypervisorOptions: ParsableArguments {
    @Option(
        name: .customLong("libvirt.uri"),
        help: ArgumentHelp(
            "The hypervisor's address, as libvirt.org/uri.html describes it; LIBVIRT_DEFAULT_URI in the environment, else "
                + "qemu:///system, where it is not given.",
            valueName: "uri"
        )
    )
    var givenURI: String?

    /// The address to open.
    var uri: String {
        let fromEnvironment = ProcessInfo.processInfo.environment["LIBVIRT_DEFAULT_URI"] ?? ""
        return givenURI ?? (fromEnvironment.isEmpty ? "qemu:///system" : fromEnvironment)
    }
}

/// How statistics are collected: of the exporter and `list`.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .customLong("collect.connections"),
        help: ArgumentHelp(
            "On how many connections at most statistics are collected at the same time: one for each 8 domains. A frozen "
                + "guest holds up one, and with it one of libvirtd's workers (max_workers).",
            valueName: "number"
        )
    )
    var count = 4

    func validate() throws {
        guard (1...16).contains(count) else {
            throw ValidationError(
                "'\(count)' is no number for --collect.connections: it is 1 to 16, of libvirtd's 20 workers."
            )
        }
    }
}

/// Which period is set: of the exporter and `period`.
struct PeriodOptions: ParsableArguments {
    private static let usual = MemoryStatsPeriod(seconds: 10)

    @Option(
        name: .customLong("memory-stats.period"),
        help: ArgumentHelp(
            "How often the hypervisor asks a guest for its statistics, set on each running domain for which nobody set "
                + "it, as nova's mem_stats_period_seconds; whole seconds. 0: leave every domain as it is. "
                + "(default: \(usual.seconds)s)",
            valueName: "duration"
        ),
        transform: MemoryStatsPeriod.init(parsing:)
    )
    var period = usual
}

/// What is logged: of the exporter and `period`.
struct LogOptions: ParsableArguments {
    @Option(
        name: .customLong("log.level"),
        help: ArgumentHelp("What is logged: debug, info, warn or error.", valueName: "level")
    )
    var level = LogLevel(level: .info)

    @Option(
        name: .customLong("log.format"),
        help: ArgumentHelp("How it is logged: logfmt or json.", valueName: "format")
    )
    var format = LogFormat.logfmt

    /// The log that this command line asks for.
    func logger() -> Logger {
        let (level, format) = (level.level, format)
        return Logger(label: "libvirt-memory-exporter") { _ in OperatorLog(level: level, format: format) }
    }
}
