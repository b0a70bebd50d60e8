import Hypervisor
import Logging
import Synchronization

/// One collection: made for one or more scrapes that come together, run once, and gone.
///
/// A domain that is stuck costs its own figures alone. The domains are asked for in shares, a call each. A share whose call
/// times out is taken apart: each of its domains is asked alone on another session, with a short timeout, and the one that
/// does not answer is held: no call is made about it until its abandoned call returns.
struct Collection: Sendable {
    /// The timeouts of its calls; they are kept from one collection to the next.
    struct Timeouts: Sendable {
        let share = AdaptiveTimeout(shortest: .milliseconds(1500))
        let single = AdaptiveTimeout(shortest: .milliseconds(500))
        let host = AdaptiveTimeout(shortest: .milliseconds(1000))
    }

    /// Another client's job ends within milliseconds, or lasts: the domain is asked again after these times, 0.3 s in all. So
    /// many, because with three clients that poll a domain all the time each attempt meets one of them in three times out
    /// of ten.
    private static let retryDelays: [Duration] = [10, 15, 20, 25, 30, 35, 40, 45, 50].map { .milliseconds($0) }
    /// A monitor that works answers sooner.
    private static let longestAnswer = Duration.milliseconds(500)
    /// Timeout of an answer that concerns no domain.
    private static let pingTimeout = Duration.seconds(1)

    let needs: Needs
    let pool: SessionPool
    let control: Reconnector
    let inventory: Inventory
    let budget: CallBudget
    let timeouts: Timeouts
    /// The domains that did not answer in the last collection: they are not asked again and again in this one.
    let formerlyStuck: Set<DomainUUID>
    let scheduler: any Scheduler
    /// When the collection has to be done, on the scheduler's clock.
    let deadline: Duration
    /// What was found so far; read while the collection runs where a client cannot wait for its end.
    let findings = SharedFindings()

    /// Collects, where there is a session to collect by.
    func run() async {
        guard control.current != nil, pool.isUsable, inventory.isComplete else { return }
        findings.begin()
        let holds = budget.holds
        let domains = inventory.domains.keys.filter { holds[$0] == nil }.sorted()
        let sessions = Share.sessions(for: domains.count, atMost: pool.size)
        pool.want(sessions)
        let liveness = Liveness()
        await withDiscardingTaskGroup { group in
            if needs.contains(.host) { group.addTask { await collectHost() } }
            if !needs.isDisjoint(with: [.info, .statistics]) {
                for share in Share.cut(domains, forSessions: sessions) {
                    group.addTask { await collect(share, liveness) }
                }
                for (domain, hold) in holds.sorted(by: { $0.key < $1.key })
                where hold.isShared && hold.reason == .monitor {
                    group.addTask { await lookAgain(at: domain, liveness) }
                }
            }
        }
    }

    /// Asks for one share by one call.
    private func collect(_ share: Share, _ liveness: Liveness) async {
        guard let lease = await pool.lease(preferring: share.slot, until: deadline) else { return }
        let (call, start) = (budget.newCall(), scheduler.now)
        let timeout = timeouts.share.duration(within: deadline - start)
        do {
            var asked = share
            let readings: [DomainUUID: DomainReading]
            (asked.domains, readings) = try await budget.run(call, within: timeout) { [needs, budget] in
                // The share may have waited for its session and its place: somebody else's call may hold a domain by now.
                let holds = budget.holds
                let domains = share.domains.filter { holds[$0] == nil }
                return (domains, domains.isEmpty ? [:] : try await lease.session.records(of: domains, needs))
            }
            timeouts.share.took(scheduler.now - start)
            pool.giveBack(lease)
            await take(readings, of: asked, liveness)
        } catch let error as HypervisorError {
            switch error.kind {
            case .timedOut:
                pool.abandon(lease)
                guard await hypervisorAnswers(liveness) else { return }
                timeouts.share.timedOut(after: timeout)
                await withDiscardingTaskGroup { group in
                    for domain in share.domains {
                        group.addTask { await collectAlone(domain, after: (call, start), liveness) }
                    }
                }
            case .lost:
                pool.abandon(lease, wasLost: true)
                guard !share.isRepeated else { return findings.lost() }
                var again = share
                again.isRepeated = true
                await collect(again, liveness)
            default:
                pool.giveBack(lease)
                for domain in share.domains { findings.add(.failure(error), of: domain) }
            }
        } catch {
            pool.giveBack(lease)
        }
    }

    /// Asks for one domain of a share whose call timed out.
    ///
    /// What its monitor does is asked first: where the call that timed out has entered the monitor, another call would hang
    /// as well; and where that question is not answered, it is the hypervisor that is at work on the domain.
    private func collectAlone(
        _ domain: DomainUUID,
        after late: (call: CallBudget.CallID, start: Duration),
        _ liveness: Liveness
    ) async {
        guard let lease = await pool.lease(preferring: nil, until: deadline) else { return }
        do {
            let state = try await monitor(of: domain, on: lease)
            if let obstacle = obstacle(in: state) {
                if case .occupied(let time) = state, time <= scheduler.now - late.start {
                    budget.attribute(late.call, to: domain, .monitor)
                }
                pool.giveBack(lease)
                return findings.obstruct(domain, obstacle)
            }
            let readings = try await single(domain, .monitor) { [needs] in
                try await lease.session.records(of: [domain], needs)
            }
            pool.giveBack(lease)
            await take(readings, of: Share(slot: lease.slot, domains: [domain]), liveness)
        } catch {
            failed(error, domain, lease)
        }
    }

    /// Takes what a share's call found; asks again for the domains that another client's job held.
    private func take(_ readings: [DomainUUID: DomainReading], of share: Share, _ liveness: Liveness) async {
        var passedOver: [DomainUUID] = []
        for domain in share.domains {
            guard let reading = readings[domain] else {
                findings.gone(domain)
                continue
            }
            findings.add(reading, of: domain)
            if case .success(let record) = reading, record.wasPassedOver { passedOver.append(domain) }
        }
        guard !passedOver.isEmpty else { return }
        let wasStuck = passedOver.allSatisfy(formerlyStuck.contains)
        if !wasStuck, share.passedOver < Self.retryDelays.count, scheduler.now < deadline {
            let delay = Self.retryDelays[share.passedOver] * (0.5 + scheduler.random)
            guard (try? await scheduler.sleep(for: delay)) != nil else { return }
            var again = Share(slot: share.slot, domains: passedOver)
            again.passedOver = share.passedOver + 1
            await collect(again, liveness)
        } else {
            for domain in passedOver { await lookAtMonitor(of: domain) }
        }
    }

    /// Finds out why a domain was passed over.
    private func lookAtMonitor(of domain: DomainUUID) async {
        guard let lease = await pool.lease(preferring: nil, until: deadline) else {
            return findings.obstruct(domain, .job)
        }
        do {
            let state = try await monitor(of: domain, on: lease)
            findings.obstruct(domain, obstacle(in: state) ?? .job)
            pool.giveBack(lease)
        } catch {
            findings.obstruct(domain, .job)
            failed(error, domain, lease)
        }
    }

    /// Asks whether a domain is still stuck that an abandoned call about several domains holds: it may have answered
    /// meanwhile, and the call wait for another one. Enters no monitor.
    private func lookAgain(at domain: DomainUUID, _ liveness: Liveness) async {
        guard let lease = await pool.lease(preferring: nil, until: deadline) else { return }
        let call = budget.newCall()
        do {
            let timeout = timeouts.single.duration(within: deadline - scheduler.now)
            let state = try await budget.run(call, within: timeout) { try await lease.session.monitor(of: domain) }
            pool.giveBack(lease)
            if case .occupied(let time) = state, time >= Self.longestAnswer { return }
            budget.release(domain)
            await collect(Share(slot: lease.slot, domains: [domain]), liveness)
        } catch {
            budget.attribute(call, to: domain, .hypervisor)
            failed(error, domain, lease)
        }
    }

    /// The obstacle that a monitor in this state is; nil where it answers.
    private func obstacle(in state: MonitorState) -> Obstacle? {
        switch state {
        case .occupied(let time) where time >= Self.longestAnswer: .monitor(time)
        case .failed: .monitor(.zero)
        case .free, .job, .occupied: nil
        }
    }

    private func monitor(of domain: DomainUUID, on lease: SessionPool.Lease) async throws -> MonitorState {
        do {
            return try await single(domain, .hypervisor) { try await lease.session.monitor(of: domain) }
        } catch let error as HypervisorError where error.kind == .unsupported {
            return .free
        }
    }

    private func single<Value: Sendable>(
        _ domain: DomainUUID,
        _ reason: CallBudget.HoldReason,
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let start = scheduler.now
        let timeout = timeouts.single.duration(within: deadline - start)
        let value = try await budget.run(about: domain, waitingFor: reason, within: timeout, operation)
        timeouts.single.took(scheduler.now - start)
        return value
    }

    private func failed(_ error: any Error, _ domain: DomainUUID, _ lease: SessionPool.Lease) {
        guard let error = error as? HypervisorError else { return pool.giveBack(lease) }
        switch error.kind {
        case .timedOut, .lost: pool.abandon(lease, wasLost: error.kind == .lost)
        case .gone:
            pool.giveBack(lease)
            findings.gone(domain)
        case .held: pool.giveBack(lease)
        default:
            pool.giveBack(lease)
            findings.add(.failure(error), of: domain)
        }
    }

    /// The host's memory, on the session that no call about a domain can block; where it fails it costs nothing else.
    private func collectHost() async {
        guard let session = control.current else { return }
        let start = scheduler.now
        let timeout = timeouts.host.duration(within: deadline - start)
        let pools = inventory.hostPools
        do {
            findings.add(try await budget.run(within: timeout) { try await session.host(with: pools) })
            timeouts.host.took(scheduler.now - start)
        } catch let error as HypervisorError {
            if error.kind == .timedOut { timeouts.host.timedOut(after: timeout) }
            if error.kind == .lost { control.drop(session, wasAbandoned: false) }
        } catch {}
    }

    /// Whether the hypervisor answers what concerns no domain; asked once a collection.
    private func hypervisorAnswers(_ liveness: Liveness) async -> Bool {
        await liveness.answer {
            guard let session = control.current else { return false }
            do {
                try await budget.run(within: Self.pingTimeout) { try await session.ping() }
                return true
            } catch {
                control.drop(session, wasAbandoned: true)
                findings.hang()
                return false
            }
        }
    }

    /// One question, whose answer all who ask share.
    private actor Liveness {
        private var known: Bool?
        private var waiting: [CheckedContinuation<Bool, Never>] = []
        private var isAsking = false

        func answer(_ ask: @Sendable () async -> Bool) async -> Bool {
            if let known { return known }
            if isAsking { return await withCheckedContinuation { waiting.append($0) } }
            isAsking = true
            let answer = await ask()
            known = answer
            for continuation in waiting { continuation.resume(returning: answer) }
            waiting = []
            return answer
        }
    }
}

/// What a collection found so far.
final class SharedFindings: Sendable {
    struct Findings: Sendable {
        /// Whether there was a session to collect by.
        var hasBegun = false
        /// What was found of each domain that was asked; the last answer counts.
        var readings: [DomainUUID: DomainReading] = [:]
        /// What kept domains from answering.
        var obstacles: [DomainUUID: Obstacle] = [:]
        /// The domains that were found to have ended.
        var gone: Set<DomainUUID> = []
        /// The host's memory.
        var host: HostSample?
        /// Whether the hypervisor did not answer at all.
        var isHanging = false
        /// Whether its sessions were lost.
        var isLost = false
    }

    private let findings = Mutex(Findings())

    /// What was found so far.
    var current: Findings { findings.withLock { $0 } }

    func begin() {
        findings.withLock { $0.hasBegun = true }
    }

    func add(_ reading: DomainReading, of domain: DomainUUID) {
        findings.withLock { $0.readings[domain] = reading }
    }

    func add(_ host: HostSample) {
        findings.withLock { $0.host = host }
    }

    func obstruct(_ domain: DomainUUID, _ obstacle: Obstacle) {
        findings.withLock { $0.obstacles[domain] = obstacle }
    }

    func gone(_ domain: DomainUUID) {
        findings.withLock { _ = $0.gone.insert(domain) }
    }

    func hang() {
        findings.withLock { $0.isHanging = true }
    }

    func lost() {
        findings.withLock { $0.isLost = true }
    }
}
