import Libvirt
import Logging

/// The parts that watch one hypervisor and collect from it, joined.
public struct HypervisorObserver: Sendable {
    /// The calls into libvirt, and what came of them.
    public let calls: LibvirtCalls
    /// Who the domains are.
    public let inventory: Inventory
    /// What a scrape asks.
    public let collector: Collector
    private let inventoryConnection: ReconnectingConnection
    private let watch: DomainWatch
    private let uri: String
    private let logger: Logger

    /// An observer that is yet to be run.
    ///
    /// - Parameters:
    ///   - uri: the hypervisor's address, as `qemu:///system`.
    ///   - maximumAge: a snapshot younger than this is used again.
    ///   - collectsHost: whether the host's own memory is asked for.
    public init(uri: String, maximumAge: Duration, collectsHost: Bool, logger: Logger) {
        let (calls, inventory) = (LibvirtCalls(), Inventory())
        let bulk = ReconnectingConnection(
            uri: uri,
            name: "libvirt-bulk",
            calls: calls,
            logger: logger
        )
        // It goes where the other one goes: what that one says need not be said twice.
        var quiet = logger
        quiet.logLevel = max(.error, logger.logLevel)
        let inventoryConnection = ReconnectingConnection(
            uri: uri,
            name: "libvirt-domains",
            calls: calls,
            logger: quiet
        )
        watch = DomainWatch(
            connection: inventoryConnection,
            inventory: inventory,
            calls: calls,
            logger: logger
        )
        collector = Collector(
            bulk: bulk,
            inventoryConnection: inventoryConnection,
            inventory: inventory,
            maximumAge: maximumAge,
            collectsHost: collectsHost,
            calls: calls,
            logger: logger
        )
        (self.calls, self.inventory) = (calls, inventory)
        self.inventoryConnection = inventoryConnection
        self.uri = uri
        self.logger = logger
    }

    /// Whether there is a connection to libvirt now.
    public var isConnected: Bool { inventoryConnection.current != nil }

    /// What sets a period of so many seconds, above 0, on the domains of this hypervisor that have none.
    public func statisticsPeriod(_ seconds: UInt32) -> StatisticsPeriod {
        StatisticsPeriod(
            seconds: seconds,
            uri: uri,
            inventory: inventory,
            calls: calls,
            logger: logger
        )
    }

    /// Opens a connection once and lets it go, to find out whether and why it cannot be had.
    ///
    /// - Throws: `LibvirtError`; `DeadlineExceeded` where libvirt does not answer.
    public func checkConnection(within patience: Duration) async throws {
        try await calls.run(until: .now + patience) { [uri] in
            _ = try await Connection.open(uri, access: .readOnly, name: "libvirt-check")
        }
    }

    /// Keeps the connections open and the inventory true until the task is cancelled.
    public func run() async {
        await withTaskGroup { group in
            group.addTask { await collector.run() }
            group.addTask { await watch.run() }
        }
    }
}
