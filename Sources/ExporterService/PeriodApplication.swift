import Collection
import Libvirt
import LibvirtHypervisor
import Logging
import ServiceLifecycle
import Systemd

/// The process that sets statistics periods and nothing else: it has no HTTP, and needs no network.
package struct PeriodApplication: Sendable {
    private let libvirtURI: String
    private let seconds: UInt32
    private let serviceManager: ServiceManager?
    private let logger: Logger

    /// - Parameters:
    ///   - libvirtURI: the hypervisor's address in libvirt (libvirt.org/uri.html).
    ///   - seconds: the period for domains that have none; above 0.
    ///   - serviceManager: who wants to hear how the process is.
    package init(libvirtURI: String, seconds: UInt32, serviceManager: ServiceManager?, logger: Logger) {
        self.libvirtURI = libvirtURI
        self.seconds = seconds
        self.serviceManager = serviceManager
        self.logger = logger
    }

    /// Sets periods until SIGTERM, SIGINT or SIGHUP.
    package func run() async throws {
        var watched = HypervisorObserver.Configuration()
        watched.readsLimits = false
        let observer = HypervisorObserver(LibvirtHypervisor(uri: libvirtURI), watched, logger: logger)
        let setter = observer.periodSetter(seconds)
        var services: [any Service] = [
            BackgroundService { await observer.run(collects: false) },
            BackgroundService { await setter.run() }, AddressCheck(observer: observer),
        ]
        if let serviceManager {
            services.append(
                ServiceReport(
                    manager: serviceManager,
                    status: { [libvirtURI] in
                        OperatorStatus.settingPeriods(
                            libvirtURI,
                            domains: observer.isConnected ? observer.inventory.count : nil,
                            withoutPeriod: observer.inventory.domainsWithoutPeriod.count
                        )
                    },
                    isAlive: { EventLoop.isTurning }
                )
            )
        }
        try await ServiceGroup.run(services, endingWithin: .seconds(2), logger: logger)
    }
}
