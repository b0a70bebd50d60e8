import Collection
import FoundationEssentials
import HTTP
import Libvirt
import LibvirtHypervisor
import Logging
import ServiceLifecycle
import Systemd
import WebConfiguration

/// The whole exporter: joins the rooms and runs them until a signal ends it.
package struct ExporterApplication: Sendable {
    private let configuration: ExporterConfiguration
    private let serviceManager: ServiceManager?
    private let logger: Logger

    /// An exporter of this configuration.
    ///
    /// - Parameter serviceManager: who wants to hear how it is.
    package init(configuration: ExporterConfiguration, serviceManager: ServiceManager? = nil, logger: Logger) {
        self.configuration = configuration
        self.serviceManager = serviceManager
        self.logger = logger
    }

    /// Serves until SIGTERM, SIGINT or SIGHUP; scrapes under way are answered first.
    ///
    /// - Throws: `WebConfigurationError` where the web configuration is broken, `ListenError` where an address cannot be
    ///   listened on.
    package func run() async throws {
        ProcessMemory.shareHeaps()
        let webConfiguration = try configuration.webConfigurationPath.map {
            try WebConfigurationFile(path: $0, logger: logger)
        }
        let observer = HypervisorObserver(
            LibvirtHypervisor(uri: configuration.libvirtURI),
            configuration.observation,
            logger: logger
        )
        let requests = RequestCounts()
        let exporter = Exporter(observer: observer, requests: requests, configuration: configuration)
        let access = WebAccess { webConfiguration?.current ?? WebConfiguration() }
        let server = try HTTPServer(
            listeningOn: configuration.listenAddresses,
            unixSocketMode: configuration.unixSocketMode,
            // Out of descriptors, Dispatch itself would end the process: it reads of its threads in /proc.
            limits: HTTPServerLimits(descriptors: DescriptorLimit.raised()),
            tls: { webConfiguration?.tls },
            logger: logger,
            onResponse: {
                requests.count($0)
                ProcessMemory.giveBackTheStart()
            },
            handler: { await access.answer($0, by: exporter.answer) }
        )
        for address in server.boundAddresses {
            logger.info("listening", metadata: ["address": "\(address)", "path": "\(configuration.telemetryPath)"])
        }

        var services: [any Service] = [BackgroundService { await observer.run() }, AddressCheck(observer: observer)]
        if configuration.memoryStatsPeriod > 0 {
            let period = observer.periodSetter(configuration.memoryStatsPeriod)
            services.append(BackgroundService { await period.run() })
        }
        // Shut down before those above it: scrapes under way still find a collector.
        services.append(HTTPService(server: server))
        if let serviceManager {
            services.append(report(to: serviceManager, on: observer))
        }
        // A scrape under way is answered within its own timeout; what is not done then is cut off.
        try await ServiceGroup.run(
            services,
            endingWithin: configuration.collectTimeout + .seconds(2),
            logger: logger
        )
    }

    private func report(to manager: ServiceManager, on observer: HypervisorObserver) -> ServiceReport {
        ServiceReport(
            manager: manager,
            status: { [uri = configuration.libvirtURI] in
                OperatorStatus.serving(
                    uri,
                    domains: observer.isConnected ? observer.inventory.count : nil,
                    last: await observer.collection.lastSnapshot,
                    at: Date().timeIntervalSince1970
                )
            },
            isAlive: { EventLoop.isTurning }
        )
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
