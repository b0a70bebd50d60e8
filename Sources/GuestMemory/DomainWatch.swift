import Libvirt
import Logging

/// Keeps the inventory true: sees domains come, go and change, and reads the configuration of those that did.
public struct DomainWatch: Sendable {
    /// The safety net below the events: the whole inventory is read again so often.
    private static let sweepInterval = Duration.seconds(300)

    private enum Occasion {
        case event(DomainEvent)
        case sweep
    }

    private let connection: ReconnectingConnection
    private let inventory: Inventory
    private let tally: Tally
    private let leftBehind: LeftBehindCalls
    private let logger: Logger

    /// A watch over this connection's domains.
    public init(
        connection: ReconnectingConnection,
        inventory: Inventory,
        tally: Tally,
        leftBehind: LeftBehindCalls,
        logger: Logger
    ) {
        self.connection = connection
        self.inventory = inventory
        self.tally = tally
        self.leftBehind = leftBehind
        self.logger = logger
    }

    /// Watches until the task is cancelled.
    public func run() async {
        await connection.run { open in
            do {
                try await watch(open)
            } catch is CancellationError {
                return
            } catch {
                if let error = error as? LibvirtError { tally.count(error) }
                connection.drop(open.connection)
            }
        }
    }

    private func watch(_ open: ReconnectingConnection.Open) async throws {
        let connection = open.connection
        inventory.connected(to: HypervisorDriver(named: open.version.driver))
        // Events first: what happens while the list is read is then seen after it.
        let events = try await call { try await connection.events() }

        let (occasions, occasion) = AsyncStream.makeStream(of: Occasion.self)
        try await withThrowingTaskGroup { group in
            group.addTask {
                for await event in events { occasion.yield(.event(event)) }
            }
            group.addTask { [inventory] in
                for await _ in inventory.unknownDomains { occasion.yield(.sweep) }
            }
            group.addTask {
                while true {
                    occasion.yield(.sweep)
                    try await Task.sleep(for: Self.sweepInterval)
                }
            }
            defer { group.cancelAll() }
            for await occasion in occasions {
                switch occasion {
                case .event(.started(let domain)), .event(.changed(let domain)):
                    try await read(domain, from: connection)
                case .event(.stopped(let domain)):
                    inventory.remove(domain.uuid)
                case .sweep:
                    try await sweep(connection)
                }
            }
        }
    }

    private func sweep(_ connection: Connection) async throws {
        let domains = try await call { try await connection.activeDomainIDs() }
        inventory.keepOnly(Set(domains.map(\.uuid)))
        for domain in domains { try await read(domain, from: connection) }
    }

    /// Reads one domain's configuration. One that has ended in between, or cannot be read, costs only itself.
    private func read(_ domain: DomainID, from connection: Connection) async throws {
        do {
            let xml = try await call { try await connection.domainXML(domain.uuid) }
            inventory.add(DomainConfiguration(domain: try XMLElement(parsing: xml)), of: domain)
        } catch let error as LibvirtError where !error.isConnectionLost {
            tally.count(error)
            inventory.remove(domain.uuid)
        } catch let error as XMLError {
            logger.error(
                "a domain's configuration cannot be read",
                metadata: ["domain": "\(domain.name)", "error": "\(error)"]
            )
        }
    }

    private func call<Value: Sendable>(_ operation: @escaping @Sendable () async throws -> Value) async throws -> Value
    {
        try await leftBehind.run(until: .now + .seconds(30), operation)
    }
}
