import GuestMemory
import Libvirt
import Logging
import MetricsHTTP
import ServiceLifecycle

/// The whole exporter: joins the rooms and runs them until a signal ends it.
public struct ExporterApplication: Sendable {
    private let configuration: ExporterConfiguration
    private let logger: Logger

    /// An exporter of this configuration.
    public init(configuration: ExporterConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Serves until SIGTERM or SIGINT; scrapes under way are answered first.
    ///
    /// - Throws: `ListenError` where an address cannot be listened on.
    public func run() async throws {
        HeapMemory.shareHeaps()
        let observer = HypervisorObserver(
            uri: configuration.libvirtURI,
            maximumAge: configuration.collectMaximumAge,
            collectsHost: configuration.collectors.contains(.host),
            logger: logger
        )
        let requests = RequestCounts()
        let exporter = Exporter(observer: observer, requests: requests, configuration: configuration)
        let server = try HTTPServer(
            listeningOn: configuration.listenAddresses,
            logger: logger,
            onResponse: { requests.count($0) },
            handler: { await exporter.answer($0) }
        )
        for address in server.boundAddresses {
            logger.info("listening", metadata: ["address": "\(address)", "path": "\(configuration.telemetryPath)"])
        }

        var services: [any Service] = [BackgroundService { await observer.run() }]
        if configuration.memoryStatsPeriod > 0 {
            let period = observer.statisticsPeriod(configuration.memoryStatsPeriod)
            services.append(BackgroundService { await period.run() })
        }
        // The last service is the first to be shut down: scrapes under way still find a collector.
        services.append(HTTPService(server: server))

        // What it says at info is said already, in an operator's words.
        var lifecycleLogger = logger
        lifecycleLogger.logLevel = max(.error, logger.logLevel)
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: lifecycleLogger
        )
        // A scrape under way is answered within its own timeout; what is not done then is cut off.
        group.maximumGracefulShutdownDuration = configuration.collectTimeout + .seconds(2)
        try await ServiceGroup(configuration: group).run()
        logger.info("stopped")
    }
}

/// Runs for as long as the exporter does.
private struct BackgroundService: Service {
    let body: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await body() }
    }
}

/// Answers requests until the exporter is told to end, and then those that are under way.
private struct HTTPService: Service {
    let server: HTTPServer

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run()
        } onGracefulShutdown: {
            server.shutDownGracefully()
        }
    }
}
