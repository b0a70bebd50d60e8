import FoundationEssentials
import Libvirt
import Logging

/// Collects a snapshot for a scrape: one bulk call for the statistics of all domains and, at the same time on another
/// connection, what the hypervisor knows of each.
public actor Collector {
    private let bulk: ReconnectingConnection
    private let inventoryConnection: ReconnectingConnection
    private let inventory: Inventory
    private let maximumAge: Duration
    private let tally: Tally
    private let leftBehind: LeftBehindCalls
    private let logger: Logger

    private var latest: (snapshot: Snapshot, at: ContinuousClock.Instant)?
    private var underWay: Task<Snapshot, Never>?

    /// - Parameters:
    ///   - bulk: the connection of the bulk call.
    ///   - inventoryConnection: the connection that the inventory is read by, idle in a steady state.
    ///   - maximumAge: a snapshot younger than this is used again.
    public init(
        bulk: ReconnectingConnection,
        inventoryConnection: ReconnectingConnection,
        inventory: Inventory,
        maximumAge: Duration,
        tally: Tally,
        leftBehind: LeftBehindCalls,
        logger: Logger
    ) {
        self.bulk = bulk
        self.inventoryConnection = inventoryConnection
        self.inventory = inventory
        self.maximumAge = maximumAge
        self.tally = tally
        self.leftBehind = leftBehind
        self.logger = logger
    }

    /// Keeps the connection of the bulk call open until the task is cancelled.
    public nonisolated func run() async {
        await bulk.run()
    }

    /// A snapshot that is fresh: collected now, or shared with a collection that is under way or has just ended.
    ///
    /// - Parameter timeout: how long the caller can wait.
    public func snapshot(within timeout: Duration) async -> Snapshot {
        if let latest, latest.at.duration(to: .now) < maximumAge { return latest.snapshot }
        if let underWay { return await underWay.value }
        let task = Task { await collect(within: timeout) }
        underWay = task
        let snapshot = await task.value
        underWay = nil
        latest = (snapshot, .now)
        return snapshot
    }

    private func collect(within timeout: Duration) async -> Snapshot {
        let start = ContinuousClock.now
        // The first attempt gets a part of the time, so that a second one can follow within the same scrape.
        let firstDeadline = start + timeout / 2
        let spare = inventoryConnection.current
        let main = bulk.current ?? spare

        async let listed = listDomains(by: spare ?? main, until: firstDeadline)
        var statistics = await collectStatistics(by: main, until: firstDeadline)
        if case .late = statistics, let spare = inventoryConnection.current {
            // The stuck call holds the monitor it waits for, so this one passes that domain over and has all others.
            statistics = await collectStatistics(by: spare, until: start + timeout)
        }

        let domains = await listed
        let isUp = domains != nil || statistics.records != nil
        let samples = DomainSample.join(
            domains: domains ?? [],
            records: statistics.records ?? [],
            configurations: inventory.configurations
        )
        inventory.notice(samples.lazy.map(\.id.uuid))
        return Snapshot(
            isUp: isUp,
            time: Date(),
            duration: start.duration(to: .now),
            version: isUp ? main?.version : nil,
            domains: samples
        )
    }

    private enum Statistics {
        case found([DomainStatsRecord])
        case failed
        case late

        var records: [DomainStatsRecord]? {
            if case .found(let records) = self { records } else { nil }
        }
    }

    private func collectStatistics(
        by open: ReconnectingConnection.Open?,
        until deadline: ContinuousClock.Instant
    ) async -> Statistics {
        guard let open, leftBehind.count < LeftBehindCalls.bound else { return .failed }
        let driver = HypervisorDriver(named: open.version.driver)
        do {
            return .found(
                try await leftBehind.run(until: deadline) { try await driver.statistics(by: open.connection) }
            )
        } catch {
            note(error, on: open.connection)
            return error is DeadlineExceeded ? .late : .failed
        }
    }

    private func listDomains(
        by open: ReconnectingConnection.Open?,
        until deadline: ContinuousClock.Instant
    ) async -> [(id: DomainID, info: DomainInfo?)]? {
        guard let open, leftBehind.count < LeftBehindCalls.bound else { return nil }
        do {
            return try await leftBehind.run(until: deadline) { try await open.connection.activeDomains() }
                .compactMap { domain in
                    switch domain.info {
                    case .success(let info): return (domain.id, info)
                    case .failure(let error) where error.isDomainGone: return nil
                    case .failure(let error):
                        tally.count(error)
                        return (domain.id, nil)
                    }
                }
        } catch {
            note(error, on: open.connection)
            return nil
        }
    }

    private func note(_ error: any Error, on connection: Connection) {
        if error is DeadlineExceeded {
            logger.warning("libvirt does not answer in time; the call is left behind")
        }
        guard let error = error as? LibvirtError else { return drop(connection) }
        tally.count(error)
        if error.isConnectionLost { drop(connection) }
    }

    private func drop(_ connection: Connection) {
        bulk.drop(connection)
        inventoryConnection.drop(connection)
    }
}
