import FoundationEssentials
import Libvirt
import Logging

/// Collects a snapshot for a scrape: one bulk call for the statistics of all domains and, at the same time on another
/// connection, what the hypervisor knows of each.
///
/// A guest whose QEMU does not answer holds up the bulk call, and nothing can end that call. So it is left behind after
/// a while, and made again on a new connection within the same scrape: the call that was left behind holds that guest's
/// monitor, and the new one passes over monitors that are held.
public actor Collector {
    let bulk: ReconnectingConnection
    let inventoryConnection: ReconnectingConnection
    let inventory: Inventory
    let maximumAge: Duration
    let collectsHost: Bool
    let calls: LibvirtCalls
    let logger: Logger

    private var judge = Judge()
    private var unresponsive: Set<DomainUUID> = []
    /// The failure that was logged last, until the bulk call succeeds: the same one again and again is one event.
    private var loggedFailure: String?
    private var latest: (snapshot: Snapshot, at: ContinuousClock.Instant)?
    private var underWay: Task<Snapshot, Never>?
    /// When the collection that is under way has to be done: the earliest that one of its scrapes can wait for.
    private var deadline = ContinuousClock.now
    /// How long the last bulk call took that came back.
    private var bulkDuration = Duration.zero

    /// - Parameters:
    ///   - bulk: the connection of the bulk call.
    ///   - inventoryConnection: the connection that the inventory is read by, idle in a steady state.
    ///   - maximumAge: a snapshot younger than this is used again.
    ///   - collectsHost: whether the host's own memory is asked for.
    public init(
        bulk: ReconnectingConnection,
        inventoryConnection: ReconnectingConnection,
        inventory: Inventory,
        maximumAge: Duration,
        collectsHost: Bool,
        calls: LibvirtCalls,
        logger: Logger
    ) {
        self.bulk = bulk
        self.inventoryConnection = inventoryConnection
        self.inventory = inventory
        self.maximumAge = maximumAge
        self.collectsHost = collectsHost
        self.calls = calls
        self.logger = logger
    }

    /// Keeps the connection of the bulk call open until the task is cancelled.
    public nonisolated func run() async {
        await bulk.run()
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
        let start = ContinuousClock.now
        let version = (bulk.current ?? inventoryConnection.current)?.version
        let driver = HypervisorDriver(named: version?.driver ?? "")
        let patience = patience(from: start)

        async let surroundings = collectSurroundings(until: start + patience)
        var statistics = await collectStatistics(of: driver, within: patience)
        let (domains, host) = await surroundings
        // Where not even the list came back it is libvirtd that does not answer, and no guest.
        while case .late = statistics, domains != nil, .now < attemptsEnd {
            await untilReopened()
            statistics = await collectStatistics(of: driver, within: patience)
        }

        let isUp = domains != nil || statistics.records != nil
        var samples = DomainSample.join(
            domains: domains ?? [],
            records: statistics.records ?? [],
            known: inventory.domains
        )
        if isUp {
            samples = await lookAtHeldMonitors(samples, of: driver)
            samples = judge.judge(
                samples,
                of: driver,
                wereAsked: statistics.records != nil,
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

    /// How long one attempt may take: well above what the call took last time, and no more than half of the time there
    /// is, so that another attempt can follow.
    private func patience(from start: ContinuousClock.Instant) -> Duration {
        min(max(.seconds(2), bulkDuration * 4), start.duration(to: attemptsEnd) / 2)
    }

    /// When the last attempt has to be over: then the monitors that were held are still to be looked at.
    private var attemptsEnd: ContinuousClock.Instant {
        deadline - min(.milliseconds(500), ContinuousClock.now.duration(to: deadline) / 4)
    }

    /// Waits for a connection in place of one that was left behind; where libvirtd answers, it is opened at once.
    private func untilReopened() async {
        while bulk.current == nil && .now < attemptsEnd {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private enum Statistics {
        case found([DomainStatsRecord])
        case failed
        case late

        var records: [DomainStatsRecord]? {
            if case .found(let records) = self { records } else { nil }
        }
    }

    private func collectStatistics(of driver: HypervisorDriver, within patience: Duration) async -> Statistics {
        guard calls.leftBehind < LibvirtCalls.leftBehindBound else { return .failed }
        let start = ContinuousClock.now
        let end = min(start + patience, attemptsEnd)
        guard let open = bulk.current ?? inventoryConnection.current else { return .failed }
        do {
            let records = try await calls.run(until: end) { try await driver.statistics(by: open.connection) }
            bulkDuration = start.duration(to: .now)
            loggedFailure = nil
            return .found(records)
        } catch is DeadlineExceeded {
            logger.warning(
                "a domain's monitor or libvirtd does not answer; its call is left behind",
                metadata: ["left_behind": "\(calls.leftBehind)", "bound": "\(LibvirtCalls.leftBehindBound)"]
            )
            leaveBehind(open.connection)
            return .late
        } catch {
            note(error, on: open.connection)
            return .failed
        }
    }

    /// What enters no monitor: the domains with what the hypervisor knows of them, and the host; nil where libvirt does
    /// not answer.
    private func collectSurroundings(
        until end: ContinuousClock.Instant
    ) async -> (domains: [(id: DomainID, info: DomainInfo?)]?, host: HostSample?) {
        guard let open = inventoryConnection.current else { return (nil, nil) }
        do {
            let domains = try await calls.run(until: end) { try await open.connection.activeDomains() }
                .compactMap(infoOrNothing)
            guard collectsHost else { return (domains, nil) }
            let pools = inventory.hostPages
            let host = try await calls.run(until: end) {
                HostSample(
                    memory: try await open.connection.hostMemory(),
                    pages: try await open.connection.withFreePages(pools)
                )
            }
            return (domains, host)
        } catch {
            note(error, on: open.connection)
            return (nil, nil)
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
        let held = samples.indices.filter { driver.hasMonitors && samples[$0].statistics?.rss == nil }
        guard !held.isEmpty, let open = inventoryConnection.current else { return samples }
        var samples = samples
        do {
            for index in held {
                let uuid = samples[index].id.uuid
                samples[index].monitor = try await calls.run(until: deadline) {
                    do {
                        return try await open.connection.controlInfo(uuid)
                    } catch let error as LibvirtError where error.isDomainGone {
                        return nil
                    }
                }
            }
        } catch {
            note(error, on: open.connection)
        }
        return samples
    }

    /// A failed call of the inventory's connection or of the bulk one; a connection that is lost, or on which a call
    /// does not come back, is given up.
    private func note(_ error: any Error, on connection: Connection) {
        if let error = error as? LibvirtError {
            guard error.isConnectionLost else {
                if loggedFailure != error.message {
                    logger.warning("cannot collect from libvirt", metadata: ["error": "\(error)"])
                    loggedFailure = error.message
                }
                return
            }
            bulk.drop(connection)
            inventoryConnection.drop(connection)
        } else {
            logger.warning("libvirtd does not answer; its call is left behind")
            leaveBehind(connection)
        }
    }

    private func leaveBehind(_ connection: Connection) {
        bulk.leaveBehind(connection)
        inventoryConnection.leaveBehind(connection)
    }

    /// One line when a domain stops answering, and one when it answers again.
    private func logUnresponsive(_ samples: [DomainSample]) {
        let before = unresponsive
        unresponsive = Set(samples.lazy.filter { $0.status == .unresponsive }.map(\.id.uuid))
        for sample in samples {
            let metadata: Logger.Metadata = ["domain": "\(sample.id.name)", "uuid": "\(sample.id.uuid)"]
            switch (before.contains(sample.id.uuid), unresponsive.contains(sample.id.uuid)) {
            case (false, true): logger.warning("a domain's QEMU does not answer", metadata: metadata)
            case (true, false): logger.info("a domain's QEMU answers again", metadata: metadata)
            case (true, true), (false, false): break
            }
        }
    }
}
