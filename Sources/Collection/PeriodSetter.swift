import Hypervisor
import Logging

/// Has the hypervisor poll the statistics of the domains that have no period, as nova does by its
/// `mem_stats_period_seconds`; a domain that has one keeps it.
package struct PeriodSetter: Sendable {
    /// Timeout of a call about one domain: it waits for the domain's monitor.
    private static let timeout = Duration.seconds(2)
    /// The domains that could not be set are tried again so often at first, and less often later.
    private static let retryInterval = Duration.seconds(10)
    private static let longestRetryInterval = Duration.seconds(300)
    /// What is read within so short a time, as all domains are at the start, is looked through once.
    private static let pause = Duration.milliseconds(100)

    private let seconds: UInt32
    private let hypervisor: any Hypervisor
    private let inventory: Inventory
    private let budget: CallBudget
    private let scheduler: any Scheduler
    private let logger: Logger

    /// - Parameters:
    ///   - seconds: the period to set; above 0.
    ///   - hypervisor: a read-write session is open only while there is a period to set.
    package init(
        seconds: UInt32,
        hypervisor: any Hypervisor,
        inventory: Inventory,
        budget: CallBudget,
        scheduler: any Scheduler,
        logger: Logger
    ) {
        self.seconds = seconds
        self.hypervisor = hypervisor
        self.inventory = inventory
        self.budget = budget
        self.scheduler = scheduler
        self.logger = logger
    }

    /// Sets periods until the task is cancelled.
    package func run() async {
        let (occasions, occasion) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await _ in inventory.changes {
                    occasion.yield()
                    try? await scheduler.sleep(for: Self.pause)
                }
            }
            group.addTask {
                while (try? await scheduler.sleep(for: Self.retryInterval)) != nil { occasion.yield() }
            }
            var refusals = Refusals()
            for await _ in occasions { await setAllMissing(&refusals) }
            group.cancelAll()
        }
    }

    private func setAllMissing(_ refusals: inout Refusals) async {
        let lacking = inventory.domainsWithoutPeriod
        refusals.forget(allBut: lacking)
        var missing = lacking.filter { refusals.mayTry($0.uuid, at: scheduler.now) && budget.hold(of: $0.uuid) == nil }
        while !missing.isEmpty, !Task.isCancelled {
            guard let session = await open(for: missing, &refusals) else { return }
            var isUsable = true
            while isUsable, let domain = missing.popLast() {
                isUsable = await set(domain, on: session, &refusals)
            }
            if isUsable { await session.close() } else { session.giveUp() }
        }
    }

    private func open(for missing: [DomainID], _ refusals: inout Refusals) async -> (any HypervisorSession)? {
        do {
            let session = try await budget.run(in: .open, within: Reconnector.openTimeout) { [hypervisor] in
                try await hypervisor.open(.readWrite, name: "libvirt-period")
            }
            return session
        } catch let error as HypervisorError {
            noteBlocked(error, &refusals)
            if error.kind == .denied {
                for domain in missing { _ = refusals.retryLater(domain.uuid, now: scheduler.now) }
            }
            return nil
        } catch {
            return nil
        }
    }

    /// Logs once why no period can be set at all.
    private func noteBlocked(_ error: HypervisorError, _ refusals: inout Refusals) {
        if refusals.blocked != error {
            logger.warning(
                """
                cannot set statistics periods; guests without one report no fresh figures \
                (set them by <stats period>, or let this service use libvirt's read-write socket)
                """,
                metadata: ["error": "\(error)"]
            )
        }
        refusals.blocked = error
    }

    /// Sets one domain's period, where its live configuration still has none.
    ///
    /// - Returns: whether the session can be used for further domains.
    private func set(_ domain: DomainID, on session: any HypervisorSession, _ refusals: inout Refusals) async -> Bool {
        let uuid = domain.uuid
        let metadata: Logger.Metadata = ["domain": "\(domain.name)", "uuid": "\(uuid)"]
        // Schedules the retry before the call: a call that never returns must not be repeated at once.
        let isNews = refusals.retryLater(uuid, now: scheduler.now)
        do {
            let configuration = try await budget.run(about: uuid, within: Self.timeout) {
                try await session.configuration(of: uuid)
            }
            guard let configuration, configuration.balloon != nil else {
                refusals.succeeded(uuid)
                return true
            }
            if let period = configuration.statsPeriod {
                inventory.periodWasFound(period, of: uuid)
                refusals.succeeded(uuid)
                return true
            }
            try await budget.run(about: uuid, waitingFor: .monitor, within: Self.timeout) { [seconds] in
                try await session.setStatisticsPeriod(seconds, of: uuid)
            }
            inventory.periodWasSet(to: seconds, of: uuid)
            refusals.succeeded(uuid)
            refusals.blocked = nil
            logger.info("statistics period set", metadata: metadata.merging(["seconds": "\(seconds)"]) { $1 })
            return true
        } catch let error as HypervisorError {
            func warn(_ message: Logger.Message) {
                guard isNews else { return }
                logger.warning(message, metadata: metadata.merging(["error": "\(error)"]) { $1 })
            }
            switch error.kind {
            case .gone:
                // libvirt refuses with the same number where the domain runs and has lost its device.
                let runs = try? await budget.run(about: uuid, within: Self.timeout) {
                    try await session.configuration(of: uuid) != nil
                }
                guard runs == true else {
                    refusals.succeeded(uuid)
                    return true
                }
                warn("cannot set a domain's statistics period; trying again later")
                return true
            case .denied:
                noteBlocked(error, &refusals)
                return true
            case .lost, .timedOut, .exhausted, .wrongAddress:
                if error.kind != .lost { warn("a domain does not answer; its statistics period is set later") }
                return false
            case .deniedForDomain, .unsupported, .held, .other:
                warn("cannot set a domain's statistics period; trying again later")
                return true
            }
        } catch {
            return false
        }
    }

    /// The domains whose period could not be set, and when each is tried again.
    private struct Refusals {
        private var next: [DomainUUID: (time: Duration, delay: Duration)] = [:]
        /// Why no period can be set at all; nil after one was.
        var blocked: HypervisorError?

        func mayTry(_ domain: DomainUUID, at now: Duration) -> Bool {
            next[domain].map { $0.time <= now } ?? true
        }

        /// - Returns: whether this is the domain's first refusal.
        mutating func retryLater(_ domain: DomainUUID, now: Duration) -> Bool {
            let former = next[domain]
            let delay = former.map { min($0.delay * 2, longestRetryInterval) } ?? retryInterval
            next[domain] = (now + delay, delay)
            return former == nil
        }

        mutating func forget(allBut domains: [DomainID]) {
            let kept = Set(domains.map(\.uuid))
            next = next.filter { kept.contains($0.key) }
        }

        mutating func succeeded(_ domain: DomainUUID) {
            next[domain] = nil
        }
    }
}
