import ArgumentParser
import ExporterService
import FoundationEssentials
import Glibc
import HTTP
import Hypervisor
import Logging
import Systemd
import WebConfiguration

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

    /// After its flags, as a container's entry point has them, a subcommand is read with all flags; where it comes first,
    /// with its own alone, and what it would not heed is refused.
    static func main() async {
        // Writing to a client or a pipe that is gone then fails instead of ending the process.
        signal(SIGPIPE, SIG_IGN)
        let first = CommandLine.arguments.dropFirst().first
        if configuration.subcommands.contains(where: { $0.configuration.commandName == first }) {
            await Subcommands.main(nil)
        } else {
            await main(nil)
        }
    }

    /// The defaults that ArgumentParser cannot show by itself.
    private enum Default {
        static let listenAddress = ":9177"
        static let collectTimeout = PrometheusDuration(.seconds(10))
        static let collectMaximumAge = PrometheusDuration(.seconds(1))
    }

    @OptionGroup
    var hypervisor: HypervisorOptions

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
            "Scrapes answered at a time. At the bound, a client that has stopped reading its answer is dropped for the "
                + "next one; otherwise more are refused with 503.",
            valueName: "number"
        )
    )
    var maximumScrapes = 40

    @OptionGroup
    var connections: ConnectionOptions

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
        name: .customLong("collect.max-abandoned"),
        help: ArgumentHelp(
            "The largest number of libvirt calls under way and abandoned together: each abandoned one holds one of "
                + "libvirtd's workers (max_workers) until it returns.",
            valueName: "number"
        )
    )
    var maximumAbandonedCalls = 10

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

    @OptionGroup
    var memoryStats: PeriodOptions

    @OptionGroup
    var log: LogOptions

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
        guard (2...100).contains(maximumAbandonedCalls) else {
            throw ValidationError(
                "'\(maximumAbandonedCalls)' is no number for --collect.max-abandoned: it is 2 to 100; libvirtd has 20 workers."
            )
        }
        guard collectTimeout.duration >= .milliseconds(100) else {
            throw ValidationError("'\(collectTimeout)' is too short for --collect.timeout: it is 100ms or more.")
        }
    }

    func run() async throws {
        let logger = log.logger()
        try await Self.orExit(logger) {
            let configuration = try configuration()
            try await ExporterApplication(
                configuration: configuration,
                serviceManager: ServiceManager(environment: ProcessInfo.processInfo.environment),
                logger: logger
            ).run()
        }
    }

    /// Logs why the command cannot begin, where it is what an operator can put right.
    static func orExit(_ logger: Logger, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as any Error & CustomStringConvertible
            where error is ListenError || error is PassedSocketsError || error is NotifySocketError
        {
            logger.error("\(error)")
            throw ExitCode.failure
        } catch let error as HypervisorError where error.kind == .wrongAddress {
            logger.error("--libvirt.uri cannot be opened", metadata: ["error": "\(error)"])
            throw ExitCode.validationFailure
        } catch let error as WebConfigurationError {
            logger.error("the web configuration is broken", metadata: ["error": "\(error)"])
            throw ExitCode.failure
        }
    }

    private func configuration() throws -> ExporterConfiguration {
        try ExporterConfiguration(
            libvirtURI: hypervisor.uri,
            listenAddresses: listenAddressesOrDefault(),
            unixSocketMode: unixSocketMode.bits,
            telemetryPath: telemetryPath,
            webConfigurationPath: webConfigurationPath,
            maximumScrapes: maximumScrapes,
            collectConnections: connections.count,
            maximumAbandonedCalls: maximumAbandonedCalls,
            collectTimeout: collectTimeout.duration,
            collectMaximumAge: collectMaximumAge.duration,
            memoryStatsPeriod: memoryStats.period.seconds,
            collectors: collectors.enabled
        )
    }

    private func listenAddressesOrDefault() throws -> [ListenAddress] {
        if usesPassedSockets { return try PassedSockets.take().map { .passed(descriptor: $0) } }
        return listenAddresses.isEmpty ? [try ListenAddress(parsing: Default.listenAddress)] : listenAddresses
    }
}

/// The same command without flags of its own, which would be taken wherever they stand.
private struct Subcommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: LibvirtMemoryExporter.configuration.commandName,
        abstract: LibvirtMemoryExporter.configuration.abstract,
        subcommands: LibvirtMemoryExporter.configuration.subcommands
    )
}
