import ArgumentParser
import ExporterService
import FoundationEssentials
import Logging
import MetricsHTTP
import Systemd

/// The command `libvirt-memory-exporter`.
@main
struct LibvirtMemoryExporter: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "libvirt-memory-exporter",
        abstract: "Exports to Prometheus how much memory each virtual machine of a libvirt host really has left.",
        discussion: """
            A guest's memory is known to the guest alone, which tells it through its virtio balloon driver when it is \
            asked. This exporter has it asked, every --memory-stats.period, and serves what it says at \
            --web.telemetry-path.

            Durations are written as Prometheus writes them: 10s, 500ms, 1m; a bare number is seconds.
            """,
        version: "libvirt-memory-exporter \(exporterVersion)",
        subcommands: [ListCommand.self, PeriodCommand.self, CheckWebConfigCommand.self]
    )

    /// The defaults that ArgumentParser cannot show by itself.
    private enum Default {
        static let listenAddress = ":9177"
        static let collectTimeout = PrometheusDuration(.seconds(10))
        static let collectMaximumAge = PrometheusDuration(.seconds(1))
        static let memoryStatsPeriod = PrometheusDuration(.seconds(10))
    }

    @Option(
        name: .customLong("libvirt.uri"),
        help: ArgumentHelp("The hypervisor's address, as libvirt.org/uri.html describes it.", valueName: "uri")
    )
    var libvirtURI = "qemu:///system"

    @Option(
        name: .customLong("web.listen-address"),
        help: ArgumentHelp(
            "Where to listen: ADDRESS:PORT, :PORT for all addresses, or unix:PATH; may be given several times. "
                + "(default: \(Default.listenAddress))",
            valueName: "address"
        ),
        transform: ListenAddress.init(parsing:)
    )
    var listenAddresses: [ListenAddress] = []

    @Flag(
        name: .customLong("web.systemd-socket"),
        help: "Listen on the sockets that systemd passes (systemd.socket), instead of on addresses."
    )
    var usesPassedSockets = false

    @Option(
        name: .customLong("web.unix-socket-mode"),
        help: ArgumentHelp("The permissions of a unix: socket's file, in octal. (default: 0660)", valueName: "mode"),
        transform: UnixSocketMode.init(parsing:)
    )
    var unixSocketMode = UnixSocketMode(bits: 0o660)

    @Option(
        name: .customLong("web.telemetry-path"),
        help: ArgumentHelp("The path of the metrics.", valueName: "path")
    )
    var telemetryPath = "/metrics"

    @Option(
        name: .customLong("web.config.file"),
        help: ArgumentHelp(
            "A file that sets TLS, client certificates, passwords, a rate limit, in the format of Prometheus' own "
                + "exporters; changes take effect while the exporter runs.",
            valueName: "file"
        )
    )
    var webConfigurationPath: String?

    @Option(
        name: .customLong("web.max-requests"),
        help: ArgumentHelp(
            "How many scrapes are answered at a time, at most half of them for one client network; more are refused with "
                + "503.",
            valueName: "number"
        )
    )
    var maximumScrapes = 40

    @Option(
        name: .customLong("collect.connections"),
        help: ArgumentHelp(
            "On how many connections at most statistics are collected at the same time: one for each 8 domains. A frozen "
                + "guest holds up one, and with it one of libvirtd's workers (max_workers).",
            valueName: "number"
        )
    )
    var collectConnections = 4

    @Option(
        name: .customLong("collect.timeout"),
        help: ArgumentHelp(
            "The longest that a collection may take; a scrape's own timeout less 0.5s, where Prometheus sends a shorter "
                + "one. (default: \(Default.collectTimeout))",
            valueName: "duration"
        ),
        transform: PrometheusDuration.init(parsing:)
    )
    var collectTimeout = Default.collectTimeout

    @Option(
        name: .customLong("collect.max-age"),
        help: ArgumentHelp(
            "A collection younger than this answers another scrape too, so that a pair of Prometheus servers costs "
                + "libvirtd no more than one. (default: \(Default.collectMaximumAge))",
            valueName: "duration"
        ),
        transform: PrometheusDuration.init(parsing:)
    )
    var collectMaximumAge = Default.collectMaximumAge

    @Option(
        name: .customLong("memory-stats.period"),
        help: ArgumentHelp(
            "How often the hypervisor asks a guest for its statistics, set on each running domain for which nobody set "
                + "it, as nova's mem_stats_period_seconds; whole seconds. 0: leave every domain as it is. "
                + "(default: \(Default.memoryStatsPeriod))",
            valueName: "duration"
        ),
        transform: PrometheusDuration.init(parsing:)
    )
    var memoryStatsPeriod = Default.memoryStatsPeriod

    @Option(
        name: .customLong("log.level"),
        help: ArgumentHelp("What is logged: debug, info, warn or error.", valueName: "level")
    )
    var logLevel = LogLevel(level: .info)

    @Option(
        name: .customLong("log.format"),
        help: ArgumentHelp("How it is logged: logfmt or json.", valueName: "format")
    )
    var logFormat = LogFormat.logfmt

    @OptionGroup(title: "Collectors")
    var collectors: CollectorOptions

    func validate() throws {
        guard telemetryPath.hasPrefix("/"), telemetryPath.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !telemetryPath.contains(where: { "?#".contains($0) })
        else {
            throw ValidationError(
                "'\(telemetryPath)' is no path for --web.telemetry-path: it begins with / and holds visible ASCII but ? "
                    + "and #, as /metrics does."
            )
        }
        guard !["/", "/help", "/-/healthy", "/-/ready"].contains(telemetryPath) else {
            throw ValidationError("'\(telemetryPath)' is taken; --web.telemetry-path needs another path, as /metrics.")
        }
        guard !usesPassedSockets || listenAddresses.isEmpty else {
            throw ValidationError("Give --web.systemd-socket or --web.listen-address, not both.")
        }
        guard webConfigurationPath != "" else {
            throw ValidationError("'' is no path for --web.config.file; to set no restrictions, leave the flag out.")
        }
        guard maximumScrapes > 0 else {
            throw ValidationError("'\(maximumScrapes)' is too small for --web.max-requests: it is 1 or more.")
        }
        guard (1...16).contains(collectConnections) else {
            throw ValidationError(
                "'\(collectConnections)' is no number for --collect.connections: it is 1 to 16, of libvirtd's 20 workers."
            )
        }
        guard collectTimeout.duration >= .milliseconds(100) else {
            throw ValidationError("'\(collectTimeout)' is too short for --collect.timeout: it is 100ms or more.")
        }
        guard statsPeriodSeconds != nil else {
            throw ValidationError(
                "'\(memoryStatsPeriod)' cannot be a statistics period: --memory-stats.period is whole seconds, at most a "
                    + "day, or 0 to set none."
            )
        }
    }

    /// QEMU polls by whole seconds; libvirt takes an int, and a guest that is asked once a day is not asked at all.
    var statsPeriodSeconds: UInt32? {
        let parts = memoryStatsPeriod.duration.components
        return parts.attoseconds == 0 && (0...86_400).contains(parts.seconds) ? UInt32(parts.seconds) : nil
    }

    func run() async throws {
        let logger = logger()
        try await orExit(logger) {
            let configuration = try configuration()
            try await ExporterApplication(
                configuration: configuration,
                serviceManager: ServiceManager(environment: ProcessInfo.processInfo.environment),
                logger: logger
            ).run()
        }
    }

    /// The log that this command line asks for.
    func logger() -> Logger {
        let (level, format) = (logLevel.level, logFormat)
        return Logger(label: "libvirt-memory-exporter") { _ in OperatorLog(level: level, format: format) }
    }

    /// Logs why the command cannot begin, where it is what an operator can put right.
    func orExit(_ logger: Logger, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as any Error & CustomStringConvertible
            where error is ListenError || error is PassedSocketsError || error is NotifySocketError
        {
            logger.error("\(error)")
            throw ExitCode.failure
        } catch let error as WebConfigurationError {
            logger.error("the web configuration is broken", metadata: ["error": "\(error)"])
            throw ExitCode.failure
        }
    }

    private func configuration() throws -> ExporterConfiguration {
        try ExporterConfiguration(
            libvirtURI: libvirtURI,
            listenAddresses: listenAddressesOrDefault(),
            unixSocketMode: unixSocketMode.bits,
            telemetryPath: telemetryPath,
            webConfigurationPath: webConfigurationPath,
            maximumScrapes: maximumScrapes,
            collectConnections: collectConnections,
            collectTimeout: collectTimeout.duration,
            collectMaximumAge: collectMaximumAge.duration,
            memoryStatsPeriod: statsPeriodSeconds ?? 0,
            collectors: collectors.enabled
        )
    }

    private func listenAddressesOrDefault() throws -> [ListenAddress] {
        if usesPassedSockets { return try PassedSockets.take().map { .passed(descriptor: $0) } }
        return listenAddresses.isEmpty ? [try ListenAddress(parsing: Default.listenAddress)] : listenAddresses
    }
}
