import Hypervisor
import Synchronization

/// Makes every call into the hypervisor, with a timeout, and bounds how many there are.
///
/// A call cannot be cancelled. One that takes longer than its timeout is abandoned: it holds a thread here and a worker of
/// libvirtd until it returns, and counts until then. Calls under way and abandoned calls together never exceed the bound.
package final class CallBudget: Sendable {
    /// One call.
    package struct CallID: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    /// Why a domain is held: what its abandoned call waits for.
    package enum HoldReason: Hashable, Sendable {
        /// The domain's monitor.
        case monitor
        /// The hypervisor, which is at work on the domain.
        case hypervisor
    }

    /// A domain that no call is made about.
    package struct Hold: Hashable, Sendable {
        /// What its abandoned call waits for.
        package let reason: HoldReason
        /// When that call was made, on the scheduler's clock.
        package let since: Duration
        /// Whether that call is about further domains: once this one answers it may go on to wait for another one.
        package var isShared = false
    }

    /// Calls of which only a few may be under way or abandoned at the same time.
    package enum Group: Hashable, Sendable {
        /// Opening sessions: further attempts would hang as the first ones do.
        case open

        var limit: Int { 3 }
    }

    /// The counts at one moment.
    package struct Counts: Hashable, Sendable {
        /// How many calls were abandoned and have not returned.
        package var abandoned = 0
        /// How often a session was opened again after it had been lost or abandoned.
        package var reconnects: UInt64 = 0
        /// The hypervisor's errors by their number. That a domain ended between two calls, or that a driver has no such
        /// call, is no error.
        package var errors: [Int32: UInt64] = [:]

        /// No calls made yet.
        package init() {}
    }

    /// The largest number of calls under way and abandoned together.
    package let bound: Int

    private struct Call {
        let group: Group?
        let start: Duration
        var domain: DomainUUID?
        var reason = HoldReason.hypervisor
        var isAbandoned = false
        var isShared = false
    }

    private struct Waiter {
        let call: CallID
        let group: Group?
        let race: Race<Void>
    }

    private struct State {
        var calls: [CallID: Call] = [:]
        var waiters: [Waiter] = []
        var lastNumber: UInt64 = 0
        var counts = Counts()
    }

    private let scheduler: any Scheduler
    private let state = Mutex(State())

    /// A budget of this bound, 1 or more.
    package init(bound: Int = 10, scheduler: any Scheduler) {
        self.bound = bound
        self.scheduler = scheduler
    }

    /// The counts now.
    package var counts: Counts {
        state.withLock { state in
            var counts = state.counts
            counts.abandoned = state.calls.values.count { $0.isAbandoned }
            return counts
        }
    }

    /// Why no call is made about this domain; nil where calls are made.
    package func hold(of domain: DomainUUID) -> Hold? {
        holds[domain]
    }

    /// The domains that no call is made about.
    package var holds: [DomainUUID: Hold] {
        state.withLock { state in
            var holds: [DomainUUID: Hold] = [:]
            for call in state.calls.values where call.isAbandoned {
                guard let domain = call.domain else { continue }
                // Where the hypervisor is at work on the domain it does not even say what the monitor does.
                if let other = holds[domain] {
                    guard (call.reason, other.reason) != (.monitor, .hypervisor) else { continue }
                    guard call.reason != other.reason || call.start < other.since else { continue }
                }
                holds[domain] = Hold(reason: call.reason, since: call.start, isShared: call.isShared)
            }
            return holds
        }
    }

    /// An identity for a call that may have to be attributed to a domain later.
    package func newCall() -> CallID {
        state.withLock { state in
            state.lastNumber += 1
            return CallID(number: state.lastNumber)
        }
    }

    /// Holds a domain until this abandoned call about several domains returns. Nothing happens where it has returned, or is
    /// attributed already.
    package func attribute(_ call: CallID, to domain: DomainUUID, _ reason: HoldReason) {
        state.withLock { state in
            guard state.calls[call]?.isAbandoned == true, state.calls[call]?.domain == nil else { return }
            state.calls[call]?.domain = domain
            state.calls[call]?.reason = reason
            state.calls[call]?.isShared = true
        }
    }

    /// Makes calls about a domain again: it ended, and another life of it has nothing to do with the abandoned call, or
    /// that call waits for another domain.
    package func release(_ domain: DomainUUID) {
        state.withLock { state in
            for (id, call) in state.calls where call.domain == domain && call.isAbandoned {
                state.calls[id]?.domain = nil
            }
        }
    }

    /// Counts a session that was opened again.
    func countReconnect() {
        state.withLock { $0.counts.reconnects += 1 }
    }

    /// Counts an error of one domain within a call that succeeded; `run` counts those of whole calls itself.
    package func count(_ error: HypervisorError) {
        guard let code = error.code, error.kind != .gone, error.kind != .unsupported else { return }
        state.withLock { $0.counts.errors[code, default: 0] += 1 }
    }

    /// Makes a call that may never return, and waits for it until the timeout.
    ///
    /// - Parameters:
    ///   - call: its identity.
    ///   - group: calls of which only a few are made at the same time.
    ///   - domain: the one domain that it is about: held until the call returns, where it times out.
    ///   - reason: what the call waits for where it times out.
    ///   - timeout: how long the call may take, and how long it may wait for its place before.
    /// - Throws: `HypervisorError`: what the call throws, `timedOut`, `held`, `exhausted`; `CancellationError`.
    package func run<Value: Sendable>(
        _ call: CallID? = nil,
        in group: Group? = nil,
        about domain: DomainUUID? = nil,
        waitingFor reason: HoldReason = .hypervisor,
        within timeout: Duration,
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let id = call ?? newCall()
        try await takePlace(id, group, within: timeout)
        if let domain, hold(of: domain) != nil {
            end(id)
            throw Self.held
        }
        let start = scheduler.now
        state.withLock { state in
            state.calls[id] = Call(group: group, start: start, domain: domain, reason: reason)
        }
        let race = Race<Value>()
        scheduler.start {
            let result: Result<Value, any Error>
            do {
                // By now the caller may be gone, or another call about the domain have been abandoned.
                guard !self.isAbandoned(id), domain.map({ self.hold(of: $0) == nil }) ?? true else { throw Self.held }
                result = .success(try await operation())
            } catch {
                if let error = error as? HypervisorError { self.count(error) }
                result = .failure(error)
            }
            self.end(id)
            _ = race.end(with: result)
        }
        let abandon = { @Sendable (reason: any Error) in
            self.state.withLock { $0.calls[id]?.isAbandoned = true }
            _ = race.end(with: .failure(reason))
        }
        let timer = scheduler.start {
            guard (try? await self.scheduler.sleep(until: start + timeout)) != nil else { return }
            abandon(HypervisorError(.timedOut, message: "no answer within \(timeout.inWords)"))
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await race.result()
        } onCancel: {
            abandon(CancellationError())
        }
    }

    private static let held = HypervisorError(.held, message: "a call about the domain has not returned")

    private func isAbandoned(_ id: CallID) -> Bool {
        state.withLock { $0.calls[id]?.isAbandoned == true }
    }

    /// Waits until the call may be made.
    private func takePlace(_ id: CallID, _ group: Group?, within timeout: Duration) async throws {
        let race = Race<Void>()
        state.withLock { state in
            state.waiters.append(Waiter(call: id, group: group, race: race))
            admit(&state)
        }
        let giveUp = { @Sendable (reason: any Error) in
            let waited = self.state.withLock { state in
                let index = state.waiters.firstIndex { $0.call == id }
                if let index { state.waiters.remove(at: index) }
                return index != nil
            }
            if waited { _ = race.end(with: .failure(reason)) }
        }
        let timer =
            state.withLock({ state in state.waiters.contains { $0.call == id } })
            ? scheduler.start {
                guard (try? await self.scheduler.sleep(for: timeout)) != nil else { return }
                giveUp(HypervisorError(.exhausted, message: "\(self.bound) calls are under way or abandoned"))
            } : nil
        defer { timer?.cancel() }
        try await withTaskCancellationHandler {
            try await race.result()
        } onCancel: {
            giveUp(CancellationError())
        }
    }

    /// Lets those who wait make their calls, in their order, as far as the bounds allow.
    private func admit(_ state: inout State) {
        var index = 0
        while index < state.waiters.count, state.calls.count < bound {
            let waiter = state.waiters[index]
            if let group = waiter.group, state.calls.values.count(where: { $0.group == group }) >= group.limit {
                index += 1
                continue
            }
            state.waiters.remove(at: index)
            state.calls[waiter.call] = Call(group: waiter.group, start: scheduler.now)
            _ = waiter.race.end(with: .success(()))
        }
    }

    private func end(_ id: CallID) {
        state.withLock { state in
            state.calls[id] = nil
            admit(&state)
        }
    }
}

extension Duration {
    /// As Prometheus writes it: `10s`, `1500ms`.
    fileprivate var inWords: String {
        let milliseconds = Int64(self / .milliseconds(1))
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
