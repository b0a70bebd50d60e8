import Hypervisor
import Synchronization

@testable import Collection

/// A fake hypervisor that does what its script says: its guests answer, and it has the faults of libvirt and QEMU.
///
/// A domain's monitor serves one job at a time, as QEMU's does, and a call that enters a frozen one waits until it goes on or its
/// process ends. A domain's lock, while it is held, makes every call about that domain wait, and every list.
final class ScriptedHypervisor: Sendable {
    /// A domain and its guest.
    struct Guest: Sendable {
        let uuid: DomainUUID
        var name: String
        var hasBalloon = true
        var period: UInt32?
        /// Stopped by SIGSTOP: its monitor answers nothing.
        var isFrozen = false
        /// Held by the hypervisor: a start, a destroy, a hook script.
        var isLocked = false
        /// The hypervisor allows no call about it.
        var isDenied = false
        /// Its configuration cannot be read.
        var isUnreadable = false
        /// The guest's driver does not answer.
        var isSilent = false
        /// When somebody last set its period who is not the exporter.
        var foreignPeriodSince: Duration?
        /// Which of its lives this is: a domain that was started again is another one to those who wait.
        fileprivate(set) var life = 0
        /// When the job that is in its monitor now entered it.
        fileprivate(set) var enteredAt: Duration?
        /// Whether the client of that job has gone.
        fileprivate var isOrphaned = false
        /// When its period was last begun.
        fileprivate var anchor = Duration.zero
        fileprivate var lastUpdate: UInt64 = 0

        var id: DomainID { DomainID(uuid: uuid, name: name) }

        /// A guest that has this number.
        init(_ number: Int, period: UInt32? = 10) {
            uuid = ScriptedHypervisor.uuid(number)
            name = "guest-\(number)"
            self.period = period
        }

        /// The driver answered each period that has passed.
        fileprivate mutating func answer(at now: Duration) {
            guard let period, !isFrozen, !isSilent else { return anchor = now }
            let periods = ((now - anchor) / .seconds(Int(period))).rounded(.down)
            guard periods > 0 else { return }
            anchor += .seconds(Int(period) * Int(periods))
            lastUpdate = UInt64(VirtualScheduler.firstWall + anchor / .seconds(1))
        }
    }

    /// A call that was made.
    struct Call: Hashable, Sendable {
        let name: String
        let domain: DomainUUID?
    }

    private struct State {
        var guests: [DomainUUID: Guest] = [:]
        /// The sessions that somebody still has.
        var sessions: [WeakSession] = []
        var isHanging = false
        var opensHang = false
        var opensFail = false
        var deniesPeriods = false
        var losesEvents = false
        var delay = Duration.zero
        var lastLife = 0
        var openSessions = 0
        var opened = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var calls: [Call: Int] = [:]
        var violations: [String] = []
    }

    private struct WeakSession {
        weak var session: Session?
    }

    private let scheduler: VirtualScheduler
    private let state = Mutex(State())

    init(_ guests: [Guest], scheduler: VirtualScheduler) {
        self.scheduler = scheduler
        for guest in guests { insert(guest) }
    }

    /// The UUID of the guest of this number.
    static func uuid(_ number: Int) -> DomainUUID {
        guard let uuid = DomainUUID(bytes: Array(repeating: 0, count: 14) + [UInt8(number / 256), UInt8(number % 256)])
        else { preconditionFailure("sixteen bytes are a UUID") }
        return uuid
    }

    // MARK: What happens

    /// Changes something, and lets those go on who waited for it.
    private func change<Value>(_ change: (inout State) -> Value) -> Value {
        let (value, waiters) = state.withLock { state in
            let value = change(&state)
            defer { state.waiters = [] }
            return (value, state.waiters)
        }
        for waiter in waiters { waiter.resume() }
        return value
    }

    private func insert(_ guest: Guest) {
        change { state in
            var guest = guest
            state.lastLife += 1
            guest.life = state.lastLife
            guest.anchor = scheduler.now
            guest.lastUpdate = UInt64(scheduler.wall)
            state.guests[guest.uuid] = guest
        }
    }

    private func send(_ kind: DomainEvent.Kind, of domain: DomainID) {
        let sessions = state.withLock { $0.losesEvents ? [] : $0.sessions.compactMap(\.session) }
        for session in sessions { session.send(DomainEvent(kind, of: domain)) }
    }

    /// The guests that run, by their numbers.
    var guests: [Guest] { state.withLock { $0.guests.values.sorted { $0.uuid < $1.uuid } } }

    func guest(_ number: Int) -> Guest? { state.withLock { $0.guests[Self.uuid(number)] } }

    /// Changes a guest without an event.
    func set(_ number: Int, _ change: (inout Guest) -> Void) {
        self.change { state in
            let uuid = Self.uuid(number)
            state.guests[uuid]?.answer(at: scheduler.now)
            if var guest = state.guests[uuid] {
                change(&guest)
                if !guest.isFrozen, guest.isOrphaned { (guest.isOrphaned, guest.enteredAt) = (false, nil) }
                state.guests[uuid] = guest
            }
        }
    }

    /// A domain starts; its lock is held for so long before, as a hook script holds it.
    func start(_ guest: Guest, afterHook hook: Duration = .zero) async {
        var guest = guest
        guest.isLocked = hook > .zero
        insert(guest)
        if guest.isLocked {
            try? await scheduler.sleep(for: hook)
            change { $0.guests[guest.uuid]?.isLocked = false }
        }
        send(.started, of: guest.id)
    }

    /// A domain is destroyed, which holds its lock for so long.
    func destroy(_ number: Int, within time: Duration = .zero) async {
        guard let guest = guest(number) else { return }
        if time > .zero {
            set(number) { $0.isLocked = true }
            try? await scheduler.sleep(for: time)
        }
        _ = change { $0.guests.removeValue(forKey: guest.uuid) }
        send(.stopped, of: guest.id)
    }

    /// A domain gets another name.
    func rename(_ number: Int, to name: String) {
        set(number) { $0.name = name }
        if let guest = guest(number) { send(.changed, of: guest.id) }
    }

    /// Somebody who is not the exporter sets a period.
    func setPeriod(of number: Int, to seconds: UInt32) {
        set(number) { guest in
            guest.period = seconds
            guest.foreignPeriodSince = scheduler.now
        }
    }

    /// The domain's configuration changed, as its event says.
    func sendChange(of number: Int) {
        if let guest = guest(number) { send(.changed, of: guest.id) }
    }

    /// Another client's job enters the domain's monitor for so long, where no other job is in it.
    func occupy(_ number: Int, for time: Duration) async {
        let uuid = Self.uuid(number)
        guard let guest = guest(number), !guest.isLocked, enter(uuid) else { return }
        try? await scheduler.sleep(for: time)
        await wait { $0.guests[uuid]?.isFrozen != true || $0.guests[uuid]?.life != guest.life }
        leave(uuid, guest.life)
    }

    /// The hypervisor answers nothing, and lets nobody connect.
    var isHanging: Bool {
        get { state.withLock { $0.isHanging } }
        set { change { $0.isHanging = newValue } }
    }

    /// An attempt to open a session waits for ever.
    var opensHang: Bool {
        get { state.withLock { $0.opensHang } }
        set { change { $0.opensHang = newValue } }
    }

    /// An attempt to open a session is refused.
    var opensFail: Bool {
        get { state.withLock { $0.opensFail } }
        set { change { $0.opensFail = newValue } }
    }

    /// The hypervisor allows nobody to set a period.
    var deniesPeriods: Bool {
        get { state.withLock { $0.deniesPeriods } }
        set { change { $0.deniesPeriods = newValue } }
    }

    /// No event arrives.
    var losesEvents: Bool {
        get { state.withLock { $0.losesEvents } }
        set { change { $0.losesEvents = newValue } }
    }

    /// Every call takes so long more.
    var delay: Duration {
        get { state.withLock { $0.delay } }
        set { change { $0.delay = newValue } }
    }

    /// All connections are lost, as when libvirtd ends.
    func loseConnections() {
        let sessions = change { state in
            defer { state.sessions = [] }
            return state.sessions.compactMap(\.session)
        }
        for session in sessions { session.lose() }
        change { _ in }
    }

    /// Everybody who waits goes on, so that nothing is left of the run.
    func heal() {
        change { state in
            (state.isHanging, state.opensHang, state.opensFail, state.deniesPeriods) = (false, false, false, false)
            (state.losesEvents, state.delay) = (false, .zero)
        }
        for guest in guests {
            change { state in
                state.guests[guest.uuid]?.answer(at: scheduler.now)
                guard var guest = state.guests[guest.uuid] else { return }
                (guest.isFrozen, guest.isLocked, guest.isDenied) = (false, false, false)
                (guest.isUnreadable, guest.isSilent) = (false, false)
                if guest.isOrphaned { (guest.isOrphaned, guest.enteredAt) = (false, nil) }
                state.guests[guest.uuid] = guest
            }
        }
    }

    // MARK: What was seen

    /// How often this call was made, about this domain or any.
    func count(_ name: String, of number: Int? = nil) -> Int {
        let domain = number.map(Self.uuid)
        return state.withLock { state in
            state.calls.reduce(0) { sum, entry in
                entry.key.name == name && (domain == nil || entry.key.domain == domain) ? sum + entry.value : sum
            }
        }
    }

    /// How many sessions are open.
    var openSessions: Int { state.withLock { $0.openSessions } }

    /// How many sessions were ever opened.
    var opened: Int { state.withLock { $0.opened } }

    /// What the exporter must not do, and did.
    var violations: [String] { state.withLock { $0.violations } }

    // MARK: Inside

    private func wait(until isTrue: (borrowing State) -> Bool) async {
        while true {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if isTrue(state) { return true }
                    state.waiters.append(continuation)
                    return false
                }
                if isReady { continuation.resume() }
            }
            if state.withLock({ isTrue($0) }) { return }
        }
    }

    /// A job enters the monitor; false where another one is in it.
    private func enter(_ domain: DomainUUID) -> Bool {
        state.withLock { state in
            guard state.guests[domain]?.enteredAt == nil else { return false }
            state.guests[domain]?.enteredAt = scheduler.now
            return true
        }
    }

    private func leave(_ domain: DomainUUID, _ life: Int) {
        change { state in
            guard state.guests[domain]?.life == life else { return }
            state.guests[domain]?.enteredAt = nil
        }
    }

    /// One client of the hypervisor: an exporter.
    final class Client: Hypervisor {
        private let hypervisor: ScriptedHypervisor
        private let knownBudget = Mutex<CallBudget?>(nil)
        private let running = Mutex(0)

        init(of hypervisor: ScriptedHypervisor) {
            self.hypervisor = hypervisor
        }

        /// The client's budget: no call is made about a domain that it holds.
        var budget: CallBudget? {
            get { knownBudget.withLock { $0 } }
            set { knownBudget.withLock { $0 = newValue } }
        }

        /// A call begins or returns; calls that were abandoned run until they return.
        fileprivate func run<Value>(_ operation: () async throws -> Value) async rethrows -> Value {
            let count = running.withLock { count in
                count += 1
                return count
            }
            defer { running.withLock { $0 -= 1 } }
            if let bound = budget?.bound, count > bound {
                hypervisor.violate("\(count) calls run, of at most \(bound)")
            }
            return try await operation()
        }

        var address: String { "scripted:///system" }

        func open(_ access: Access, name: String) async throws -> any HypervisorSession {
            try await run { try await hypervisor.open(self, access, name) }
        }
    }

    private func open(_ client: Client, _ access: Access, _ name: String) async throws -> Session {
        state.withLock { $0.calls[Call(name: "open", domain: nil), default: 0] += 1 }
        try? await scheduler.sleep(for: .microseconds(500) + delay)
        await wait { !$0.isHanging && !$0.opensHang }
        if opensFail { throw HypervisorError(.lost, call: "open", code: 38, message: "connection refused") }
        let session = Session(to: self, client, access, name)
        change { state in
            state.sessions.append(WeakSession(session: session))
            state.openSessions += 1
            state.opened += 1
        }
        return session
    }

    /// A session; it is open until it is closed or nobody has it any more.
    final class Session: HypervisorSession {
        private struct State {
            var isLost = false
            var isClosed = false
            var isBusy = false
            var events: AsyncStream<DomainEvent>.Continuation?
            var configurationRead: [DomainUUID: Duration] = [:]
        }

        private let hypervisor: ScriptedHypervisor
        private let client: Client
        private let access: Access
        private let name: String
        private let state = Mutex(State())
        private let closing: AsyncStream<Void>.Continuation
        let closed: AsyncStream<Void>
        let traits = HypervisorTraits(name: "QEMU", hasGuestStatistics: true, setsPeriod: true)

        init(to hypervisor: ScriptedHypervisor, _ client: Client, _ access: Access, _ name: String) {
            (self.hypervisor, self.client, self.access, self.name) = (hypervisor, client, access, name)
            (closed, closing) = AsyncStream.makeStream()
        }

        deinit { countAsClosed() }

        private var isLost: Bool { state.withLock { $0.isLost } }

        private func countAsClosed() {
            let wasOpen = state.withLock { state in
                defer { state.isClosed = true }
                return !state.isClosed
            }
            if wasOpen { hypervisor.state.withLock { $0.openSessions -= 1 } }
        }

        fileprivate func send(_ event: DomainEvent) {
            state.withLock { _ = $0.events?.yield(event) }
        }

        fileprivate func lose() {
            state.withLock { state in
                state.isLost = true
                state.events?.finish()
            }
            countAsClosed()
            closing.yield()
        }

        func giveUp() {
            hypervisor.forget(self)
            closing.yield()
        }

        func close() async {
            hypervisor.forget(self)
            countAsClosed()
        }

        func events() async throws -> AsyncStream<DomainEvent> {
            try await call("events") {
                let (stream, continuation) = AsyncStream.makeStream(of: DomainEvent.self)
                state.withLock { $0.events = continuation }
                return stream
            }
        }

        func ping() async throws {
            try await call("ping") {}
        }

        func version() async throws -> HypervisorVersion {
            try await call("version") { HypervisorVersion(driver: "QEMU", hypervisor: "7.2.22", libvirt: "9.0.0") }
        }

        func activeDomains() async throws -> [DomainID] {
            try await call("activeDomains") {
                for guest in hypervisor.guests {
                    try await wait { $0.guests[guest.uuid]?.isLocked != true }
                }
                return hypervisor.guests.map(\.id)
            }
        }

        func configuration(of domain: DomainUUID) async throws -> DomainConfiguration? {
            try await call("configuration", [domain]) {
                guard let guest = try await guest(domain) else { return nil }
                if guest.isDenied { throw Self.denied("configuration") }
                if guest.isUnreadable { throw HypervisorError(.other, code: 1, message: "internal error") }
                state.withLock { $0.configurationRead[domain] = hypervisor.scheduler.now }
                return DomainConfiguration(
                    balloon: guest.hasBalloon ? .init(model: "virtio") : nil,
                    statsPeriod: guest.period
                )
            }
        }

        func memoryLimits(of domain: DomainUUID) async throws -> MemoryLimits {
            try await call("memoryLimits", [domain]) {
                guard let guest = try await guest(domain) else { throw Self.gone("memoryLimits") }
                if guest.isDenied { throw Self.denied("memoryLimits") }
                return MemoryLimits()
            }
        }

        func records(of domains: [DomainUUID], _ needs: Needs) async throws -> [DomainUUID: DomainReading] {
            try await call("records", domains) {
                var readings: [DomainUUID: DomainReading] = [:]
                for domain in domains {
                    guard let guest = try await guest(domain) else { continue }
                    if guest.isDenied {
                        readings[domain] = .failure(Self.denied("records"))
                        continue
                    }
                    var record = DomainRecord(state: .running)
                    if needs.contains(.info) { record.info = DomainInfo(maximumMemory: 1 << 30, memory: 1 << 30) }
                    if needs.contains(.statistics) {
                        var statistics = BalloonStatistics()
                        statistics.actualBalloon = 1 << 30
                        if hypervisor.enter(domain) {
                            guard try await isThere(inMonitorOf: domain, guest.life) else { continue }
                            hypervisor.leave(domain, guest.life)
                            hypervisor.answer(domain, &statistics)
                        } else {
                            record.wasPassedOver = true
                        }
                        record.statistics = statistics
                    }
                    readings[domain] = .success(record)
                }
                return readings
            }
        }

        func monitor(of domain: DomainUUID) async throws -> MonitorState {
            try await call("monitor", [domain]) {
                guard let guest = try await guest(domain) else { throw Self.gone("monitor") }
                if guest.isDenied { throw Self.denied("monitor") }
                return guest.enteredAt.map { .occupied(hypervisor.scheduler.now - $0) } ?? .free
            }
        }

        func host(with pools: [HostPagePool]) async throws -> HostSample {
            try await call("host") { HostSample(memory: HostMemory(), pages: pools) }
        }

        func hostPools() async throws -> [HostPagePool] {
            try await call("hostPools") { [] }
        }

        func setStatisticsPeriod(_ seconds: UInt32, of domain: DomainUUID) async throws {
            try await call("setStatisticsPeriod", [domain]) {
                guard let guest = try await guest(domain) else { throw Self.gone("setStatisticsPeriod") }
                if guest.isDenied { throw Self.denied("setStatisticsPeriod") }
                if hypervisor.deniesPeriods || access == .readOnly {
                    throw HypervisorError(.denied, call: "setStatisticsPeriod", code: 29, message: "read only")
                }
                while !hypervisor.enter(domain) {
                    try await wait { $0.guests[domain]?.enteredAt == nil || $0.guests[domain]?.life != guest.life }
                }
                guard try await isThere(inMonitorOf: domain, guest.life) else { throw Self.gone("setStatisticsPeriod") }
                hypervisor.leave(domain, guest.life)
                hypervisor.setPeriod(seconds, of: domain, after: state.withLock { $0.configurationRead[domain] })
            }
        }

        private static func denied(_ call: String) -> HypervisorError {
            HypervisorError(.deniedForDomain, call: call, code: 88, message: "access denied")
        }

        private static func gone(_ call: String) -> HypervisorError {
            HypervisorError(.gone, call: call, code: 42, message: "no domain with matching uuid")
        }

        /// The session has one call at a time; a further one waits.
        private func call<Value>(
            _ name: String,
            _ domains: [DomainUUID] = [],
            _ operation: () async throws -> Value
        ) async throws -> Value {
            try await client.run { try await callAlone(name, domains, operation) }
        }

        private func callAlone<Value>(
            _ name: String,
            _ domains: [DomainUUID],
            _ operation: () async throws -> Value
        ) async throws -> Value {
            hypervisor.note(name, domains, client.budget)
            if state.withLock({ $0.isBusy }), self.name.hasPrefix("libvirt-stats") {
                hypervisor.violate("\(name) on \(self.name), which is leased to another call")
            }
            try await wait { _ in !state.withLock { $0.isBusy } }
            state.withLock { $0.isBusy = true }
            defer {
                state.withLock { $0.isBusy = false }
                hypervisor.change { _ in }
            }
            try? await hypervisor.scheduler.sleep(for: .microseconds(300) + hypervisor.delay)
            try await wait { _ in true }
            return try await operation()
        }

        /// Waits for something in the hypervisor, which has to answer as well.
        ///
        /// - Throws: `HypervisorError` where the session is lost meanwhile.
        private func wait(until isTrue: (borrowing ScriptedHypervisor.State) -> Bool) async throws {
            await hypervisor.wait { hypervisor in isLost || (isTrue(hypervisor) && !hypervisor.isHanging) }
            if isLost { throw HypervisorError(.lost, code: 38, message: "the connection was closed") }
        }

        /// The domain, once nobody holds its lock; nil where it does not run.
        private func guest(_ domain: DomainUUID) async throws -> Guest? {
            try await wait { $0.guests[domain]?.isLocked != true }
            return hypervisor.state.withLock { $0.guests[domain] }
        }

        /// Waits for the answer of the monitor that was entered; false where the domain has ended.
        private func isThere(inMonitorOf domain: DomainUUID, _ life: Int) async throws -> Bool {
            try? await hypervisor.scheduler.sleep(for: .microseconds(400))
            do {
                try await wait { $0.guests[domain]?.life != life || $0.guests[domain]?.isFrozen != true }
            } catch {
                hypervisor.orphan(domain, life)
                throw error
            }
            return hypervisor.state.withLock { $0.guests[domain]?.life == life }
        }
    }

    private func forget(_ session: Session) {
        state.withLock { $0.sessions.removeAll { $0.session == nil || $0.session === session } }
    }

    private func violate(_ what: String) {
        state.withLock { $0.violations.append("\(scheduler.now): \(what)") }
    }

    private func note(_ name: String, _ domains: [DomainUUID], _ budget: CallBudget?) {
        let holds = budget?.holds ?? [:]
        state.withLock { state in
            if domains.isEmpty { state.calls[Call(name: name, domain: nil), default: 0] += 1 }
            for domain in domains {
                state.calls[Call(name: name, domain: domain), default: 0] += 1
                guard let hold = holds[domain] else { continue }
                // What the monitor of a frozen domain does may be asked.
                if name == "monitor", hold.reason == .monitor { continue }
                state.violations.append(
                    "\(scheduler.now): \(name) about \(domain), which is held since \(hold.since) (\(hold.reason))"
                )
            }
        }
    }

    /// The client of a job that is in the monitor has gone: the job ends with the monitor's answer.
    private func orphan(_ domain: DomainUUID, _ life: Int) {
        change { state in
            guard state.guests[domain]?.life == life else { return }
            if state.guests[domain]?.isFrozen == true {
                state.guests[domain]?.isOrphaned = true
            } else {
                state.guests[domain]?.enteredAt = nil
            }
        }
    }

    private func answer(_ domain: DomainUUID, _ statistics: inout BalloonStatistics) {
        state.withLock { state in
            state.guests[domain]?.answer(at: scheduler.now)
            guard let guest = state.guests[domain], guest.hasBalloon else { return }
            statistics.lastUpdate = guest.lastUpdate
            statistics.available = 1 << 30
            statistics.usable = 1 << 29
        }
    }

    /// The exporter sets a period; it has read the configuration then.
    private func setPeriod(_ seconds: UInt32, of domain: DomainUUID, after read: Duration?) {
        change { state in
            guard var guest = state.guests[domain] else { return }
            if let foreign = guest.foreignPeriodSince, guest.period != nil, read.map({ foreign < $0 }) ?? true {
                state.violations.append("\(scheduler.now): the period of \(guest.name) was overwritten")
            }
            guest.answer(at: scheduler.now)
            (guest.period, guest.anchor) = (seconds, scheduler.now)
            state.guests[domain] = guest
        }
    }
}
