import Hypervisor
import Logging
import Synchronization

/// Answers scrapes: each by a collection of its own, or by one that is under way or has just ended.
package actor SharedCollection {
    /// After so long nobody waits for the hypervisor's first answer any more.
    private static let longestStart = Duration.seconds(15)

    private let pool: SessionPool
    private let control: Reconnector
    private let inventory: Inventory
    private let budget: CallBudget
    private let scheduler: any Scheduler
    private let timeout: Duration
    private let maximumAge: Duration
    private let logger: Logger

    private let timeouts = Collection.Timeouts()
    private let begin: Duration
    private var judge = Judge()
    private var log = CollectionLog()
    private var latest: Snapshot?
    private var latestTime = Duration.zero
    /// The samples of the last collection in which the hypervisor answered.
    private var lastKnown: [DomainUUID: DomainSample] = [:]
    private var wasConnected = false
    private var underWay: Run?
    private var subscribers: [AsyncStream<Snapshot>.Continuation] = []

    /// - Parameters:
    ///   - control: the session that no call about a domain is made on.
    ///   - timeout: the longest that a collection may take.
    ///   - maximumAge: a snapshot younger than this is used again.
    package init(
        pool: SessionPool,
        control: Reconnector,
        inventory: Inventory,
        budget: CallBudget,
        scheduler: any Scheduler,
        timeout: Duration,
        maximumAge: Duration,
        logger: Logger
    ) {
        self.pool = pool
        self.control = control
        self.inventory = inventory
        self.budget = budget
        self.scheduler = scheduler
        self.timeout = timeout
        self.maximumAge = maximumAge
        self.logger = logger
        begin = scheduler.now
    }

    /// What the last collection found; nil before the first.
    package var lastSnapshot: Snapshot? { latest }

    /// The snapshots from now on, the newest only for a reader that is slow.
    package func snapshots() -> AsyncStream<Snapshot> {
        let (stream, continuation) = AsyncStream.makeStream(of: Snapshot.self, bufferingPolicy: .bufferingNewest(1))
        subscribers.append(continuation)
        return stream
    }

    /// A snapshot that has what is needed: collected now, or shared.
    ///
    /// - Parameter wait: how long the caller can wait; then it gets what was found so far. It shortens no collection.
    package func snapshot(of needs: Needs, within wait: Duration) async -> Snapshot {
        let end = scheduler.now + min(wait, timeout)
        await waitForFirstConnection(until: end)
        while true {
            if let latest, latest.needs.isSuperset(of: needs), scheduler.now - latestTime < maximumAge { return latest }
            guard let run = underWay else { break }
            let isEnough = run.collection.needs.isSuperset(of: needs)
            if let snapshot = await run.result(until: end, scheduler), isEnough { return snapshot }
            if scheduler.now >= end { return partial(of: run, needs) }
        }
        let run = begin(needs)
        if let snapshot = await run.result(until: end, scheduler) { return snapshot }
        return partial(of: run, needs)
    }

    /// Only the first scrapes after a start wait for a connection.
    private func waitForFirstConnection(until end: Duration) async {
        let end = min(end, begin + Self.longestStart)
        while !wasConnected, control.failure == nil, scheduler.now < end {
            wasConnected = pool.isOpen && inventory.isComplete
            if wasConnected { return }
            guard (try? await scheduler.sleep(for: .milliseconds(10))) != nil else { return }
        }
    }

    private func begin(_ needs: Needs) -> Run {
        let start = scheduler.now
        let stuck = lastKnown.values.filter { $0.obstacle != nil && $0.obstacle != .job }.map(\.id.uuid)
        let run = Run(
            collection: Collection(
                needs: needs,
                pool: pool,
                control: control,
                inventory: inventory,
                budget: budget,
                timeouts: timeouts,
                formerlyStuck: Set(stuck),
                scheduler: scheduler,
                deadline: start + timeout - min(.milliseconds(500), timeout / 4)
            ),
            start: start
        )
        underWay = run
        scheduler.start {
            await run.collection.run()
            await self.end(run)
        }
        return run
    }

    private func end(_ run: Run) {
        let snapshot = snapshot(of: run, &judge)
        if snapshot.isUp {
            lastKnown = Dictionary(uniqueKeysWithValues: snapshot.domains.map { ($0.id.uuid, $0) })
        }
        log.note(snapshot, run.collection.findings.current, logger)
        (latest, latestTime, underWay) = (snapshot, scheduler.now, nil)
        subscribers.removeAll { subscriber in
            if case .terminated = subscriber.yield(snapshot) { true } else { false }
        }
        run.end(with: snapshot)
    }

    /// What a collection that still runs has found: the domains that have not answered yet have no figures.
    private func partial(of run: Run, _ needs: Needs) -> Snapshot {
        // The judgement of the whole collection is the one that is remembered.
        var judge = judge
        return snapshot(of: run, &judge)
    }

    private func snapshot(of run: Run, _ judge: inout Judge) -> Snapshot {
        let findings = run.collection.findings.current
        var snapshot = Snapshot()
        snapshot.needs = run.collection.needs
        snapshot.time = scheduler.wall
        snapshot.duration = scheduler.now - run.start
        snapshot.isUp = findings.hasBegun && !findings.isHanging
        if findings.readings.isEmpty, findings.isLost || !pool.isUsable { snapshot.isUp = false }
        guard snapshot.isUp, let traits = inventory.traits else {
            snapshot.isUp = false
            return snapshot
        }
        snapshot.traits = traits
        snapshot.version = inventory.version
        snapshot.host = findings.host
        let holds = budget.holds
        snapshot.domains = inventory.domains.filter { !findings.gone.contains($0.key) }
            .map { uuid, known in
                var sample = DomainSample(id: DomainID(uuid: uuid, name: known.name), known: known)
                if case .success(let record)? = findings.readings[uuid] {
                    (sample.state, sample.info, sample.statistics) = (record.state, record.info, record.statistics)
                }
                if let hold = holds[uuid] {
                    let time = scheduler.now - hold.since
                    sample.obstacle = hold.reason == .monitor ? .monitor(time) : .hypervisor(time)
                } else if let obstacle = findings.obstacles[uuid],
                    record(of: uuid, in: findings)?.wasPassedOver != false
                {
                    sample.obstacle = obstacle
                }
                // Of a domain that does not answer the last state is known, and what its configuration says.
                if sample.state == nil { sample.state = lastKnown[uuid]?.state }
                if sample.info == nil, run.collection.needs.contains(.info), var info = lastKnown[uuid]?.info {
                    info.cpuTime = nil
                    sample.info = info
                }
                return sample
            }
            .sorted { $0.id < $1.id }
        judge.judge(&snapshot.domains, of: traits, now: scheduler.now, wall: scheduler.wall)
        return snapshot
    }

    private nonisolated func record(of domain: DomainUUID, in findings: SharedFindings.Findings) -> DomainRecord? {
        guard case .success(let record)? = findings.readings[domain] else { return nil }
        return record
    }

    /// A collection that is under way, and those who wait for it.
    private final class Run: Sendable {
        private struct State {
            var snapshot: Snapshot?
            var waiters: [Race<Snapshot?>] = []
        }

        let collection: Collection
        let start: Duration
        private let state = Mutex(State())

        init(collection: Collection, start: Duration) {
            self.collection = collection
            self.start = start
        }

        func end(with snapshot: Snapshot) {
            let waiters = state.withLock { state in
                state.snapshot = snapshot
                defer { state.waiters = [] }
                return state.waiters
            }
            for waiter in waiters { _ = waiter.end(with: .success(snapshot)) }
        }

        /// The snapshot; nil where it is not there in time.
        func result(until end: Duration, _ scheduler: any Scheduler) async -> Snapshot? {
            let race = Race<Snapshot?>()
            let snapshot = state.withLock { state in
                if state.snapshot == nil { state.waiters.append(race) }
                return state.snapshot
            }
            if let snapshot { return snapshot }
            let timer = scheduler.start {
                guard (try? await scheduler.sleep(until: end)) != nil else { return }
                _ = race.end(with: .success(nil))
            }
            defer { timer.cancel() }
            return try? await race.result()
        }
    }
}
