import Libvirt
import Logging

/// Keeps the inventory true: sees domains come, go and change, and reads the configuration of those that did.
public struct DomainWatch: Sendable {
    /// The safety net below the events: the whole inventory is read again so often.
    private static let sweepInterval = Duration.seconds(300)

    /// So long after its start a domain's period is looked for once more: another process sets it, on the same event.
    private static let timeToSetPeriod = Duration.seconds(1)

    /// Between two sweeps for the sake of domains that are not known: one whose configuration cannot be read stays so.
    private static let pauseBetweenSweeps = Duration.seconds(5)

    private enum Occasion {
        case event(DomainEvent)
        case doubt(Inventory.Doubt)
        case missingPeriod(DomainID)
        case sweep
    }

    private let connection: ReconnectingConnection
    private let inventory: Inventory
    private let readsLimits: Bool
    private let calls: LibvirtCalls
    private let logger: Logger

    /// A watch over this connection's domains.
    ///
    /// - Parameter readsLimits: whether the limits of the domains and the host's pools of pages are read too.
    public init(
        connection: ReconnectingConnection,
        inventory: Inventory,
        readsLimits: Bool = true,
        calls: LibvirtCalls,
        logger: Logger
    ) {
        self.connection = connection
        self.inventory = inventory
        self.readsLimits = readsLimits
        self.calls = calls
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
                connection.drop(open.connection)
            }
        }
    }

    private func watch(_ open: ReconnectingConnection.Open) async throws {
        let connection = open.connection
        inventory.connected(to: HypervisorDriver(named: open.version.driver))
        // Events first: what happens while the list is read is then seen after it.
        let events = try await call { try await connection.events() }
        let doubts = inventory.doubts()

        let (occasions, occasion) = AsyncStream.makeStream(of: Occasion.self)
        var swept = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await event in events { occasion.yield(.event(event)) }
            }
            group.addTask {
                for await doubt in doubts { occasion.yield(.doubt(doubt)) }
            }
            group.addTask {
                while true {
                    occasion.yield(.sweep)
                    try await Task.sleep(for: Self.sweepInterval)
                }
            }
            defer { group.cancelAll() }
            for await next in occasions {
                switch next {
                case .event(let event):
                    try await follow(event, on: connection)
                    if event.kind == .started {
                        group.addTask {
                            try await Task.sleep(for: Self.timeToSetPeriod)
                            occasion.yield(.missingPeriod(event.domain))
                        }
                    }
                case .missingPeriod(let domain), .doubt(.answersUnasked(let domain)):
                    if inventory.lacksPeriod(domain.uuid) { try await read(domain, from: connection) }
                case .doubt(.becameStale(let domain)):
                    try await read(domain, from: connection)
                // The next collection says again what this one leaves.
                case .doubt(.unknownDomains) where swept.duration(to: .now) < Self.pauseBetweenSweeps: break
                case .doubt(.unknownDomains), .sweep:
                    try await sweep(connection)
                    swept = .now
                }
            }
        }
    }

    private func follow(_ event: DomainEvent, on connection: Connection) async throws {
        switch event.kind {
        case .started, .changed, .metadataChanged, .memoryDeviceResized:
            try await read(event.domain, from: connection)
        case .stopped, .undefined, .rebooted, .balloonChanged, .memoryFailed:
            break
        }
        inventory.note(event)
    }

    private func sweep(_ connection: Connection) async throws {
        let domains = try await call { try await connection.activeDomainIDs() }
        for domain in domains { try await read(domain, from: connection) }
        let hostPages = readsLimits ? try await readHostPages(connection) : nil
        inventory.complete(with: domains.lazy.map(\.uuid), hostPages: hostPages)
    }

    /// Reads one domain's configuration. One that has ended in between, or cannot be read, costs only itself; one that
    /// was just defined, or changed while it does not run, is none of the active domains.
    private func read(_ domain: DomainID, from connection: Connection) async throws {
        do {
            let xml = try await call { try await connection.domainXML(domain.uuid) }
            let element = try XMLElement(parsing: xml)
            // libvirt numbers the domains that run, and no others.
            guard element.attributes["id"] != nil else { return inventory.remove(domain.uuid) }
            let configuration = DomainConfiguration(domain: element)
            let limits = readsLimits ? try await readLimits(domain, from: connection) : MemoryLimits()
            inventory.read(domain, configuration, limits)
        } catch let error as LibvirtError where !error.isConnectionLost {
            inventory.remove(domain.uuid)
        } catch let error as XMLError {
            logger.error(
                "a domain's configuration cannot be read",
                metadata: ["domain": "\(domain.name)", "error": "\(error)"]
            )
        }
    }

    /// The limits of a domain; none where the host has no cgroups to ask, or the driver no limits.
    private func readLimits(_ domain: DomainID, from connection: Connection) async throws -> MemoryLimits {
        do {
            return try await call { try await connection.memoryLimits(domain.uuid) }
        } catch let error as LibvirtError where !error.isConnectionLost {
            return MemoryLimits()
        }
    }

    /// The host's pools of huge pages; nil where the driver does not tell.
    private func readHostPages(_ connection: Connection) async throws -> [HostPagePool]? {
        do {
            let xml = try await call { try await connection.capabilities() }
            return HostPagePool.all(inCapabilities: try XMLElement(parsing: xml))
        } catch let error as LibvirtError where !error.isConnectionLost {
            return nil
        } catch is XMLError {
            return nil
        }
    }

    private func call<Value: Sendable>(_ operation: @escaping @Sendable () async throws -> Value) async throws -> Value
    {
        try await calls.run(until: .now + .seconds(30), operation)
    }
}
