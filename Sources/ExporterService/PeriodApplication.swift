import GuestMemory
import Libvirt
import Logging
import ServiceLifecycle
import Systemd

/// The process that sets statistics periods and nothing else: it has no HTTP, and needs no network.
public struct PeriodApplication: Sendable {
    private let libvirtURI: String
    private let seconds: UInt32
    private let serviceManager: ServiceManager?
    private let logger: Logger

    /// - Parameters:
    ///   - libvirtURI: the hypervisor's address in libvirt (libvirt.org/uri.html).
    ///   - seconds: the period for domains that have none; above 0.
    ///   - serviceManager: who wants to hear how the process is.
    public init(libvirtURI: String, seconds: UInt32, serviceManager: ServiceManager?, logger: Logger) {
        self.libvirtURI = libvirtURI
        self.seconds = seconds
        self.serviceManager = serviceManager
        self.logger = logger
    }

    /// Sets periods until SIGTERM, SIGINT or SIGHUP.
    public func run() async throws {
        let keeper = PeriodKeeper(seconds: seconds, uri: libvirtURI, logger: logger)
        var services: [any Service] = [BackgroundService { await keeper.run() }]
        if let serviceManager {
            services.append(
                ServiceReport(
                    manager: serviceManager,
                    status: { [libvirtURI] in OperatorStatus.settingPeriods(libvirtURI, keeper.counts) },
                    isAlive: { EventLoop.isTurning }
                )
            )
        }
        try await ServiceGroup.run(services, endingWithin: .seconds(2), logger: logger)
    }
}
