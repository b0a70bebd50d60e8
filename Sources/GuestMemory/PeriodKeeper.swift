import Libvirt
import Logging

/// Watches one hypervisor, sets the statistics period of those of its domains that have none, and does nothing else.
public struct PeriodKeeper: Sendable {
    /// How many domains there are.
    public struct Counts: Hashable, Sendable {
        /// The active domains.
        public let domains: Int
        /// Those that could be polled, but have no period yet.
        public let withoutPeriod: Int
    }

    private let inventory = Inventory()
    private let connection: ReconnectingConnection
    private let watch: DomainWatch
    private let period: StatisticsPeriod

    /// A keeper that is yet to be run.
    ///
    /// - Parameters:
    ///   - seconds: the period to set; above 0.
    ///   - uri: the hypervisor's address, as `qemu:///system`. It is watched by a read-only connection; a read-write one
    ///     is open only while there is a period to set.
    public init(seconds: UInt32, uri: String, logger: Logger) {
        let calls = LibvirtCalls()
        connection = ReconnectingConnection(uri: uri, name: "libvirt-domains", calls: calls, logger: logger)
        watch = DomainWatch(
            connection: connection,
            inventory: inventory,
            readsLimits: false,
            calls: calls,
            logger: logger
        )
        period = StatisticsPeriod(seconds: seconds, uri: uri, inventory: inventory, calls: calls, logger: logger)
    }

    /// What is known of the domains; nil while there is no connection to libvirt.
    public var counts: Counts? {
        guard connection.current != nil else { return nil }
        return Counts(domains: inventory.count, withoutPeriod: inventory.domainsWithoutPeriod.count)
    }

    /// Watches and sets until the task is cancelled.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await watch.run() }
            group.addTask { await period.run() }
        }
    }
}
