import Hypervisor
import Logging
import Synchronization

/// Keeps the inventory true: sees domains come, go and change by events, lists them in the background, and reads the
/// configuration of those that are new or changed.
package struct DomainWatch: Sendable {
    /// The domains are listed so often, in case an event was lost.
    private static let listInterval = Duration.seconds(60)
    /// Every configuration is read again so often: libvirt has no event for some changes.
    private static let sweepInterval = Duration.seconds(300)
    /// Timeout of a call about one domain.
    private static let readTimeout = Duration.seconds(2)
    /// Timeout of the list, which waits for each domain that the hypervisor works on; its late answer is used.
    private static let listTimeout = Duration.seconds(5)
    /// Timeout of the hypervisor's versions: libvirtd may probe QEMU for 4 s.
    private static let versionTimeout = Duration.seconds(30)
    /// So long after its start a domain's period is looked for once more: another process sets it, on the same event.
    private static let timeToSetPeriod = Duration.seconds(1)

    private enum Work: Hashable {
        case list
        case readAll
        case version
        case read(DomainID)
    }

    private let control: Reconnector
    private let reader: Reconnector
    private let inventory: Inventory
    private let readsLimits: Bool
    private let snapshots: @Sendable () async -> AsyncStream<Snapshot>
    private let budget: CallBudget
    private let scheduler: any Scheduler
    private let logger: Logger

    /// A watch.
    ///
    /// - Parameters:
    ///   - control: the session of the events; no call about a domain is made on it.
    ///   - reader: the session that configurations are read on.
    ///   - readsLimits: whether the domains' limits and the host's pools of pages are read too.
    ///   - snapshots: gives the snapshots that are compared with the inventory.
    package init(
        control: Reconnector,
        reader: Reconnector,
        inventory: Inventory,
        readsLimits: Bool = true,
        snapshots: @escaping @Sendable () async -> AsyncStream<Snapshot>,
        budget: CallBudget,
        scheduler: any Scheduler,
        logger: Logger
    ) {
        self.control = control
        self.reader = reader
        self.inventory = inventory
        self.readsLimits = readsLimits
        self.snapshots = snapshots
        self.budget = budget
        self.scheduler = scheduler
        self.logger = logger
    }

    /// Watches until the task is cancelled.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await reader.run() }
            await control.run { session in
                do {
                    try await watch(session)
                } catch is CancellationError {
                    return
                } catch {
                    control.drop(session, wasAbandoned: (error as? HypervisorError)?.kind == .timedOut)
                }
            }
        }
    }

    private func watch(_ session: any HypervisorSession) async throws {
        inventory.connected(to: session.traits)
        // Events first: what happens while the list is made is then seen after it.
        let events = try await budget.run(within: Self.readTimeout) { try await session.events() }
        let (tasks, queue) = AsyncStream.makeStream(of: Work.self)
        let work = ReadQueue(queue)
        work.add(.list)
        work.add(.readAll)
        work.add(.version)
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await event in events { follow(event, work) }
            }
            group.addTask {
                for await snapshot in await snapshots() {
                    for domain in inventory.mismatches(in: snapshot) { work.add(.read(domain)) }
                }
            }
            group.addTask {
                while (try? await scheduler.sleep(for: Self.listInterval)) != nil { work.add(.list) }
            }
            group.addTask {
                while (try? await scheduler.sleep(for: Self.sweepInterval)) != nil { work.add(.readAll) }
            }
            var failures = Failures()
            for await task in tasks {
                work.took(task)
                await perform(task, work, &failures)
            }
            group.cancelAll()
        }
    }

    private func follow(_ event: DomainEvent, _ work: ReadQueue) {
        inventory.note(event)
        switch event.kind {
        case .started:
            work.add(.read(event.domain))
            scheduler.start {
                try? await scheduler.sleep(for: Self.timeToSetPeriod)
                if inventory.domains[event.domain.uuid]?.lacksPeriod == true { work.add(.read(event.domain)) }
            }
        case .changed, .metadataChanged, .memoryDeviceResized:
            work.add(.read(event.domain))
        case .stopped:
            budget.release(event.domain.uuid)
        case .undefined, .rebooted, .balloonChanged, .memoryFailed:
            break
        }
    }

    private func perform(_ task: Work, _ work: ReadQueue, _ failures: inout Failures) async {
        guard let session = await readerSession() else { return }
        do {
            switch task {
            case .list:
                try await list(on: session, work)
            case .readAll:
                if readsLimits, let pools = try? await call(on: session, { try await session.hostPools() }) {
                    inventory.found(pools)
                }
                for (uuid, known) in inventory.domains.sorted(by: { $0.key < $1.key }) {
                    work.add(.read(DomainID(uuid: uuid, name: known.name)))
                }
            case .version:
                let version = try await call(on: session, within: Self.versionTimeout) { try await session.version() }
                inventory.found(version)
            case .read(let domain):
                try await read(domain, on: session)
                failures.ended(of: domain.uuid)
            }
        } catch let error as HypervisorError {
            guard case .read(let domain) = task else {
                if error.kind != .unsupported { retry(task, after: .seconds(5), work) }
                return
            }
            if error.kind == .gone { return inventory.ended(domain.uuid) }
            let failure = failures.add(error, of: domain.uuid)
            if failure.isNews, error.kind != .held {
                logger.warning(
                    "cannot read a domain's configuration; trying again",
                    metadata: ["domain": "\(domain.name)", "uuid": "\(domain.uuid)", "error": "\(error)"]
                )
            }
            retry(task, after: failure.delay, work)
        } catch {}
    }

    private func retry(_ task: Work, after delay: Duration, _ work: ReadQueue) {
        scheduler.start {
            try? await scheduler.sleep(for: delay)
            if case .read(let domain) = task, inventory.domains[domain.uuid] == nil { return }
            work.add(task)
        }
    }

    /// The session to read on, once one is open; nil when the task is cancelled.
    private func readerSession() async -> (any HypervisorSession)? {
        while reader.current == nil {
            guard (try? await scheduler.sleep(for: .milliseconds(20))) != nil else { return nil }
        }
        return reader.current
    }

    /// Lists the domains. While the hypervisor works on a domain the list waits: the call is abandoned then, and its answer
    /// used when it comes. No further list is made meanwhile.
    private func list(on session: any HypervisorSession, _ work: ReadQueue) async throws {
        guard work.beginList() else { return }
        let begin = inventory.moment
        try await call(on: session, within: Self.listTimeout) {
            defer { work.endList() }
            for domain in inventory.reconcile(with: try await session.activeDomains(), begunAt: begin) {
                work.add(.read(domain))
            }
        }
    }

    /// Reads one domain's configuration. One that was just defined, or changed while it does not run, is not active.
    private func read(_ domain: DomainID, on session: any HypervisorSession) async throws {
        let uuid = domain.uuid
        let begin = inventory.moment
        let configuration = try await call(on: session, about: uuid) { try await session.configuration(of: uuid) }
        guard let configuration else { return inventory.ended(uuid) }
        var limits = MemoryLimits()
        if readsLimits {
            do {
                limits = try await call(on: session, about: uuid) { try await session.memoryLimits(of: uuid) }
            } catch let error as HypervisorError where ![.lost, .timedOut, .held].contains(error.kind) {
                // The host has no control groups to ask, or the driver no limits.
            }
        }
        inventory.read(domain, configuration, limits, begunAt: begin)
    }

    private func call<Value: Sendable>(
        on session: any HypervisorSession,
        about domain: DomainUUID? = nil,
        within timeout: Duration = Self.readTimeout,
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        do {
            return try await budget.run(about: domain, within: timeout, operation)
        } catch let error as HypervisorError where error.kind == .timedOut || error.kind == .lost {
            reader.drop(session, wasAbandoned: error.kind == .timedOut)
            throw error
        }
    }

    /// What is to be read, each thing once.
    private final class ReadQueue: Sendable {
        private struct State {
            var waiting: Set<Work> = []
            var isListing = false
        }

        private let queue: AsyncStream<Work>.Continuation
        private let state = Mutex(State())

        init(_ queue: AsyncStream<Work>.Continuation) {
            self.queue = queue
        }

        func add(_ task: Work) {
            if state.withLock({ $0.waiting.insert(task).inserted }) { queue.yield(task) }
        }

        func took(_ task: Work) {
            state.withLock { _ = $0.waiting.remove(task) }
        }

        func beginList() -> Bool {
            state.withLock { state in
                defer { state.isListing = true }
                return !state.isListing
            }
        }

        func endList() {
            state.withLock { $0.isListing = false }
        }
    }

    /// The domains that cannot be read, each with its reason and when it is tried again.
    private struct Failures {
        private static let longestDelay = Duration.seconds(300)
        private static let firstDelay = Duration.seconds(5)

        private var failures: [DomainUUID: (error: HypervisorError, delay: Duration)] = [:]

        mutating func add(_ error: HypervisorError, of domain: DomainUUID) -> (isNews: Bool, delay: Duration) {
            let former = failures[domain]
            let isHeld = error.kind == .held || error.kind == .timedOut || error.kind == .exhausted
            let delay =
                isHeld ? Self.firstDelay : former.map { min($0.delay * 2, Self.longestDelay) } ?? Self.firstDelay
            failures[domain] = (error, delay)
            return (former?.error != error, delay)
        }

        mutating func ended(of domain: DomainUUID) {
            failures[domain] = nil
        }
    }
}
