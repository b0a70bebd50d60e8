import FoundationEssentials
import Libvirt
import Logging

/// Collects a snapshot for a scrape: the statistics of all domains, in shares on several connections, and, at the same
/// time on another connection, what the hypervisor knows of each.
public actor Collector {
    let connections: CollectingConnections
    let inventoryConnection: ReconnectingConnection
    let inventory: Inventory
    let maximumAge: Duration
    let collectsHost: Bool
    let calls: LibvirtCalls
    let logger: Logger

    private var judge = Judge()
    private var unresponsive: Set<DomainUUID> = []
    /// The failure that was logged last, until a collection succeeds: the same one again and again is one event.
    private var loggedFailure: String?
    /// The domains that were active when the last collection asked.
    private var listed: [DomainUUID] = []
    private var latest: (snapshot: Snapshot, at: ContinuousClock.Instant)?
    private var underWay: Task<Snapshot, Never>?
    /// When the collection that is under way began.
    private var start = ContinuousClock.now
    /// When it has to be done: the earliest that one of its scrapes can wait for.
    private var deadline = ContinuousClock.now
    /// How long one share may take.
    private var sharePatience = Patience()
    /// How long what enters no monitor may take: the list is one call, and the more domains the longer.
    private var surroundingsPatience = Patience()

    /// - Parameters:
    ///   - connections: the connections that statistics are collected by.
    ///   - inventoryConnection: the connection that the inventory is read by, and what enters no monitor.
    ///   - maximumAge: a snapshot younger than this is used again.
    ///   - collectsHost: whether the host's own memory is asked for.
    public init(
        connections: CollectingConnections,
        inventoryConnection: ReconnectingConnection,
        inventory: Inventory,
        maximumAge: Duration,
        collectsHost: Bool,
        calls: LibvirtCalls,
        logger: Logger
    ) {
        self.connections = connections
        self.inventoryConnection = inventoryConnection
        self.inventory = inventory
        self.maximumAge = maximumAge
        self.collectsHost = collectsHost
        self.calls = calls
        self.logger = logger
    }

    /// Keeps the connections of the statistics open until the task is cancelled.
    public nonisolated func run() async {
        await connections.run()
    }

    /// What the last collection found; nil before the first.
    public var lastSnapshot: Snapshot? { latest?.snapshot }

    /// A snapshot that is fresh: collected now, or shared with a collection that is under way or has just ended.
    ///
    /// - Parameter timeout: how long the caller can wait.
    public func snapshot(within timeout: Duration) async -> Snapshot {
        if let latest, latest.at.duration(to: .now) < maximumAge { return latest.snapshot }
        if let underWay {
            deadline = min(deadline, .now + timeout)
            return await underWay.value
        }
        deadline = .now + timeout
        let task = Task { await collect() }
        underWay = task
        let snapshot = await task.value
        underWay = nil
        latest = (snapshot, .now)
        return snapshot
    }

    private func collect() async -> Snapshot {
        start = .now
        // Once for all: in the middle of a collection a connection may be opened.
        let open = anyConnection
        let version = open?.version
        let driver = HypervisorDriver(named: version?.driver ?? "")
        let time = start.duration(to: attemptsEnd)
        let patience = sharePatience.duration(within: time)

        let surroundings = Task {
            await collectSurroundings(by: open, within: surroundingsPatience.duration(within: time))
        }
        // Where not even the list comes back it is libvirtd that does not answer, and no guest.
        let libvirtAnswers = { await surroundings.value.domains != nil }
        var statistics = await collectStatistics(of: listed, driver, patience, libvirtAnswers)
        let (domains, host) = await surroundings.value
        if let domains {
            let asked = Set(listed)
            listed = domains.map(\.id.uuid)
            let newcomers = listed.filter { !asked.contains($0) }
            statistics.add(await collectStatistics(of: newcomers, driver, patience, libvirtAnswers))
        }
        if statistics.isComplete {
            loggedFailure = nil
            sharePatience.took(statistics.slowestShare)
        } else if domains != nil {
            sharePatience.ranOut(after: patience)
        }

        let isUp = domains != nil || !statistics.records.isEmpty
        var samples = DomainSample.join(
            domains: domains ?? [],
            records: statistics.records,
            known: inventory.domains
        )
        if isUp {
            samples = await lookAtHeldMonitors(samples, of: driver)
            samples = judge.judge(
                samples,
                of: driver,
                wereAsked: statistics.isComplete,
                now: .now,
                wall: Date().timeIntervalSince1970
            )
            logUnresponsive(samples)
            inventory.compare(with: samples)
        }
        return Snapshot(
            isUp: isUp,
            time: Date(),
            duration: start.duration(to: .now),
            version: isUp ? version : nil,
            domains: samples,
            host: host
        )
    }

    /// When the last attempt has to be over: then the monitors that were held are still to be looked at.
    var attemptsEnd: ContinuousClock.Instant {
        deadline - min(.milliseconds(500), start.duration(to: deadline) / 4)
    }

    /// A connection for what enters no monitor.
    private var anyConnection: ReconnectingConnection.Open? {
        inventoryConnection.current ?? connections.open(for: 1).first
    }

    /// What enters no monitor: the domains with what the hypervisor knows of them, and the host; nil where libvirt does
    /// not answer.
    private func collectSurroundings(
        by open: ReconnectingConnection.Open?,
        within patience: Duration
    ) async -> (domains: [(id: DomainID, info: DomainInfo?)]?, host: HostSample?) {
        guard let open else { return (nil, nil) }
        let end = start + patience
        do {
            let domains = try await calls.run(until: end) { try await open.connection.activeDomains() }
                .compactMap(infoOrNothing)
            let host = collectsHost ? await collectHost(by: open.connection, until: end) : nil
            surroundingsPatience.took(start.duration(to: .now))
            return (domains, host)
        } catch {
            if error is DeadlineExceeded { surroundingsPatience.ranOut(after: patience) }
            note(error, on: open.connection)
            return (nil, nil)
        }
    }

    /// The host's memory; nil where it cannot be had, which costs nothing else.
    private func collectHost(by connection: Connection, until end: ContinuousClock.Instant) async -> HostSample? {
        let pools = inventory.hostPages
        do {
            return try await calls.run(until: end) {
                HostSample(
                    memory: try await connection.hostMemory(),
                    pages: try await connection.withFreePages(pools)
                )
            }
        } catch {
            note(error, on: connection)
            return nil
        }
    }

    /// A domain without its info where that failed; nothing where it has ended in between.
    private nonisolated func infoOrNothing(
        _ domain: (id: DomainID, info: Result<DomainInfo, LibvirtError>)
    ) -> (id: DomainID, info: DomainInfo?)? {
        switch domain.info {
        case .success(let info):
            return (domain.id, info)
        case .failure(let error):
            calls.count(error)
            return error.isDomainGone ? nil : (domain.id, nil)
        }
    }

    /// Asks, by a call that never blocks, how the monitors stand that were held when the statistics were collected.
    private func lookAtHeldMonitors(_ samples: [DomainSample], of driver: HypervisorDriver) async -> [DomainSample] {
        let held = samples.indices.filter { samples[$0].wasPassedOver(by: driver) }
        guard !held.isEmpty, let open = anyConnection else { return samples }
        var samples = samples
        for index in held {
            let uuid = samples[index].id.uuid
            do {
                samples[index].monitor = try await calls.run(until: deadline) {
                    do {
                        return try await open.connection.controlInfo(uuid)
                    } catch let error as LibvirtError where error.isDomainGone {
                        return nil
                    }
                }
            } catch {
                note(error, on: open.connection)
                guard let error = error as? LibvirtError, !error.isConnectionLost else { break }
            }
        }
        return samples
    }

    /// A failed call; a connection that is lost, or on which a call does not come back, is given up.
    func note(_ error: any Error, on connection: Connection) {
        if let error = error as? LibvirtError {
            guard error.isConnectionLost else {
                if loggedFailure != error.message {
                    logger.warning("cannot collect from libvirt", metadata: ["error": "\(error)"])
                    loggedFailure = error.message
                }
                return
            }
            connections.drop(connection)
            inventoryConnection.drop(connection)
        } else {
            logger.warning("libvirtd does not answer; its call is left behind")
            leaveBehind(connection)
        }
    }

    func leaveBehind(_ connection: Connection) {
        connections.leaveBehind(connection)
        inventoryConnection.leaveBehind(connection)
    }

    /// One line when a domain stops answering, and one when it answers again.
    private func logUnresponsive(_ samples: [DomainSample]) {
        let before = unresponsive
        // Of one without a status nothing was learnt: it has not answered.
        unresponsive = Set(
            samples.lazy.filter { $0.status == .unresponsive || $0.status == nil && before.contains($0.id.uuid) }
                .map(\.id.uuid)
        )
        for id in samples.lazy.map(\.id) where before.contains(id.uuid) != unresponsive.contains(id.uuid) {
            let metadata: Logger.Metadata = ["domain": "\(id.name)", "uuid": "\(id.uuid)"]
            if unresponsive.contains(id.uuid) {
                logger.warning("a domain's QEMU does not answer", metadata: metadata)
            } else {
                logger.info("a domain's QEMU answers again", metadata: metadata)
            }
        }
    }
}
