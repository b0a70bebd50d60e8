import Hypervisor
import Libvirt

/// What a libvirt driver can tell of its domains' memory, and what of that is true: a row a driver.
///
/// Read in the drivers' sources of libvirt 9.0.0 and 11.3.0. A figure is let through only where it means what its metric
/// says: LXC's swap_in is an amount in use and no traffic, and its actual the configured memory; Xen's available is the
/// maximum, not the guest's total.
struct LibvirtDriver: Sendable {
    /// How the statistics are had.
    enum Statistics: Sendable {
        /// Many domains by one call (virDomainListGetStats).
        case bulk
        /// One call a domain (virDomainMemoryStats).
        case each
        /// The driver has none.
        case none
    }

    let traits: HypervisorTraits
    let statistics: Statistics
    /// Whether a domain has a monitor that can be held by another call: its record then has no `rss`, which is read
    /// behind the same lock (qemu_driver.c, qemuDomainGetStatsBalloon).
    let hasMonitors: Bool
    /// Keeps of the driver's figures those that mean what their names say.
    let truthful: @Sendable (BalloonStatistics) -> BalloonStatistics

    /// The row of a driver by its name (virConnectGetType); one that this program does not know is asked for nothing
    /// that it might not have.
    init(named name: String) {
        switch name {
        case "QEMU":
            self.init(name, .bulk, hasGuestStatistics: true, setsPeriod: true, hasMonitors: true) { $0 }
        case "TEST":
            self.init(name, .each, hasGuestStatistics: true, setsPeriod: true) { $0 }
        case "Xen":
            self.init(name, .each) { figures in
                var kept = BalloonStatistics()
                kept.actualBalloon = figures.actualBalloon
                return kept
            }
        case "LXC":
            self.init(name, .each) { figures in
                var kept = BalloonStatistics()
                kept.rss = figures.rss
                return kept
            }
        case "vz":
            self.init(name, .bulk, hasGuestStatistics: true) { $0 }
        default:
            self.init(name, .none) { $0 }
        }
    }

    private init(
        _ name: String,
        _ statistics: Statistics,
        hasGuestStatistics: Bool = false,
        setsPeriod: Bool = false,
        hasMonitors: Bool = false,
        truthful: @escaping @Sendable (BalloonStatistics) -> BalloonStatistics
    ) {
        traits = HypervisorTraits(name: name, hasGuestStatistics: hasGuestStatistics, setsPeriod: setsPeriod)
        self.statistics = statistics
        self.hasMonitors = hasMonitors
        self.truthful = truthful
    }
}
