import Hypervisor
import Logging
import Synchronization

/// The sessions by which domains are collected: one at first, and more where there are domains enough for them.
package final class SessionPool: Sendable {
    /// The right to use one session; it ends by `giveBack` or `abandon`.
    struct Lease: Sendable {
        let slot: Int
        let session: any HypervisorSession
    }

    private struct Slot {
        var session: (any HypervisorSession)?
        var isLeased = false
    }

    private struct Waiter {
        let id: UInt64
        let preferred: Int?
        let race: Race<Lease?>
    }

    private struct State {
        var slots: [Slot]
        var waiters: [Waiter] = []
        var lastID: UInt64 = 0
        /// When the last session that was open was dropped.
        var dropped: Duration?

        var isOpen: Bool { slots.contains { $0.session != nil } }
    }

    /// A session is opened within this time, or the hypervisor does not answer.
    private static let longestReopening = Duration.seconds(1)

    private let state: Mutex<State>
    private let reconnectors: Mutex<[Reconnector]>
    private let scheduler: any Scheduler
    private let wanted: AsyncStream<Int>
    private let want: AsyncStream<Int>.Continuation

    /// The largest number of sessions.
    let size: Int

    /// Sessions that are yet to be opened, by `run()`.
    package init(
        _ hypervisor: any Hypervisor,
        size: Int,
        budget: CallBudget,
        scheduler: any Scheduler,
        logger: Logger
    ) {
        self.size = size
        self.scheduler = scheduler
        state = Mutex(State(slots: Array(repeating: Slot(), count: size)))
        reconnectors = Mutex([])
        (wanted, want) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        let all = (0..<size).map { slot in
            Reconnector(
                hypervisor,
                name: "libvirt-stats-\(slot + 1)",
                budget: budget,
                scheduler: scheduler,
                logger: logger,
                onChange: { [weak self] in self?.changed(slot, to: $0) }
            )
        }
        reconnectors.withLock { $0 = all }
    }

    /// Whether any session is open now.
    package var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Whether a session is open, or will be at once: a session on which a call was abandoned is replaced, and for that
    /// moment none may be open.
    var isUsable: Bool {
        let now = scheduler.now
        return state.withLock { state in
            state.isOpen || state.dropped.map { now - $0 < Self.longestReopening } ?? false
        }
    }

    /// Has so many sessions opened, in the background.
    func want(_ count: Int) {
        want.yield(min(count, size))
    }

    /// Keeps as many sessions open as were ever wanted, until the task is cancelled.
    package func run() async {
        let all = reconnectors.withLock { $0 }
        await withTaskGroup { group in
            var kept = 0
            want.yield(1)
            for await count in wanted {
                for reconnector in all.prefix(count).dropFirst(kept) {
                    group.addTask { await reconnector.run() }
                }
                kept = max(kept, count)
            }
        }
    }

    /// A session for one caller; nil where none is free in time, or none can be opened.
    ///
    /// - Parameter slot: the session that knows the domains; another one is taken only while that one is not open.
    func lease(preferring slot: Int?, until deadline: Duration) async -> Lease? {
        let race = Race<Lease?>()
        let id = state.withLock { state in
            state.lastID += 1
            state.waiters.append(Waiter(id: state.lastID, preferred: slot, race: race))
            serve(&state)
            return state.lastID
        }
        let isWaiting = state.withLock { state in state.waiters.contains { $0.id == id } }
        let timer = isWaiting ? scheduler.start { await self.endWaiting(id, race, at: deadline) } : nil
        defer { timer?.cancel() }
        return try? await race.result()
    }

    private func endWaiting(_ id: UInt64, _ race: Race<Lease?>, at deadline: Duration) async {
        while scheduler.now < deadline {
            let wait = min(Self.longestReopening, deadline - scheduler.now)
            guard (try? await scheduler.sleep(for: wait)) != nil else { return }
            if !isUsable { break }
        }
        let waited = state.withLock { state in
            let index = state.waiters.firstIndex { $0.id == id }
            if let index { state.waiters.remove(at: index) }
            return index != nil
        }
        if waited { _ = race.end(with: .success(nil)) }
    }

    func giveBack(_ lease: Lease) {
        state.withLock { state in
            guard state.slots[lease.slot].session === lease.session else { return }
            state.slots[lease.slot].isLeased = false
            serve(&state)
        }
    }

    /// Drops the session: it was lost, or a call on it was abandoned.
    func abandon(_ lease: Lease, wasLost: Bool = false) {
        let reconnector = reconnectors.withLock { $0[lease.slot] }
        reconnector.drop(lease.session, wasAbandoned: !wasLost)
    }

    private func changed(_ slot: Int, to session: (any HypervisorSession)?) {
        state.withLock { state in
            state.slots[slot] = Slot(session: session)
            if session == nil { state.dropped = scheduler.now }
            serve(&state)
        }
    }

    private func serve(_ state: inout State) {
        var index = 0
        while index < state.waiters.count {
            let waiter = state.waiters[index]
            guard let slot = freeSlot(for: waiter.preferred, in: state), let session = state.slots[slot].session else {
                index += 1
                continue
            }
            state.slots[slot].isLeased = true
            state.waiters.remove(at: index)
            _ = waiter.race.end(with: .success(Lease(slot: slot, session: session)))
        }
    }

    private func freeSlot(for preferred: Int?, in state: State) -> Int? {
        if let preferred, state.slots[preferred].session != nil {
            return state.slots[preferred].isLeased ? nil : preferred
        }
        return state.slots.indices.first { state.slots[$0].session != nil && !state.slots[$0].isLeased }
    }
}
