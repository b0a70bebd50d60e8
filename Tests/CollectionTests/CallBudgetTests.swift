import Hypervisor
import Synchronization
import Testing

@testable import Collection

/// Calls that never return are bounded, and hold the domain that they are about.
@Suite struct CallBudgetTests {
    private let scheduler = VirtualScheduler(seed: 1)
    private let domain = ScriptedHypervisor.uuid(0)

    /// A call that returns when it is told to.
    private final class Gate: Sendable {
        private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)

        func open() { continuation.finish() }

        func pass() async { for await _ in stream {} }
    }

    private func kind(_ call: () async throws -> Void) async -> HypervisorError.Kind? {
        do {
            try await call()
            return nil
        } catch {
            return (error as? HypervisorError)?.kind
        }
    }

    @Test func aLateCallHoldsItsDomainUntilItReturns() throws {
        let budget = CallBudget(scheduler: scheduler)
        try scheduler.run {
            let gate = Gate()
            let late = await kind {
                try await budget.run(about: domain, waitingFor: .monitor, within: .seconds(2)) { await gate.pass() }
            }
            #expect(late == .timedOut)
            #expect(scheduler.now == .seconds(2))
            #expect(budget.hold(of: domain) == CallBudget.Hold(reason: .monitor, since: .zero))
            #expect(budget.counts.abandoned == 1)
            #expect(await kind { try await budget.run(about: domain, within: .seconds(2)) {} } == .held)
            gate.open()
            try await scheduler.sleep(for: .milliseconds(1))
            #expect(budget.hold(of: domain) == nil)
            #expect(budget.counts.abandoned == 0)
            #expect(await kind { try await budget.run(about: domain, within: .seconds(2)) {} } == nil)
        }
    }

    @Test func aDomainThatEndedIsNoLongerHeld() throws {
        let budget = CallBudget(scheduler: scheduler)
        try scheduler.run {
            let gate = Gate()
            _ = await kind { try await budget.run(about: domain, within: .seconds(2)) { await gate.pass() } }
            budget.release(domain)
            #expect(budget.hold(of: domain) == nil)
            #expect(budget.counts.abandoned == 1)
            gate.open()
        }
    }

    @Test func aLateCallAboutSeveralDomainsHoldsTheOneItIsAttributedTo() throws {
        let budget = CallBudget(scheduler: scheduler)
        try scheduler.run {
            let (gate, call) = (Gate(), budget.newCall())
            _ = await kind { try await budget.run(call, within: .seconds(2)) { await gate.pass() } }
            #expect(budget.holds.isEmpty)
            budget.attribute(call, to: domain, .monitor)
            budget.attribute(call, to: ScriptedHypervisor.uuid(1), .hypervisor)
            #expect(budget.holds == [domain: CallBudget.Hold(reason: .monitor, since: .zero, isShared: true)])
            gate.open()
            try await scheduler.sleep(for: .milliseconds(1))
            budget.attribute(call, to: domain, .monitor)
            #expect(budget.holds.isEmpty)
        }
    }

    @Test func noMoreCallsRunThanTheBoundAndOneWaitsForItsPlaceInVain() throws {
        let budget = CallBudget(bound: 3, scheduler: scheduler)
        try scheduler.run {
            let gate = Gate()
            for _ in 0..<3 { _ = await kind { try await budget.run(within: .seconds(1)) { await gate.pass() } } }
            #expect(budget.counts.abandoned == 3)
            let start = scheduler.now
            #expect(await kind { try await budget.run(within: .seconds(5)) {} } == .exhausted)
            #expect(scheduler.now - start == .seconds(5))
            scheduler.start {
                try? await scheduler.sleep(for: .seconds(2))
                gate.open()
            }
            #expect(await kind { try await budget.run(within: .seconds(5)) {} } == nil)
            #expect(scheduler.now - start == .seconds(7))
        }
    }

    @Test func openingSessionsLeavesPlacesToOtherCalls() throws {
        let budget = CallBudget(scheduler: scheduler)
        try scheduler.run {
            let gate = Gate()
            for _ in 0..<3 {
                _ = await kind { try await budget.run(in: .open, within: .seconds(1)) { await gate.pass() } }
            }
            #expect(await kind { try await budget.run(in: .open, within: .seconds(1)) {} } == .exhausted)
            #expect(await kind { try await budget.run(within: .seconds(1)) {} } == nil)
            gate.open()
        }
    }

    @Test func aCancelledCallersCallCountsUntilItReturns() throws {
        let budget = CallBudget(scheduler: scheduler)
        try scheduler.run {
            let gate = Gate()
            let caller = scheduler.start {
                _ = await kind { try await budget.run(about: domain, within: .seconds(60)) { await gate.pass() } }
            }
            try await scheduler.sleep(for: .seconds(1))
            caller.cancel()
            await caller.value
            #expect(scheduler.now == .seconds(1))
            #expect(budget.counts.abandoned == 1)
            #expect(budget.hold(of: domain) != nil)
            gate.open()
        }
    }

    @Test func errorsAreCountedByTheirNumberUnlessADomainEnded() throws {
        let budget = CallBudget(scheduler: scheduler)
        try scheduler.run {
            for (kind, code) in [
                (HypervisorError.Kind.other, 1), (.other, 1), (.gone, 42), (.unsupported, 3), (.denied, 29),
            ] {
                _ = await self.kind {
                    try await budget.run(within: .seconds(1)) {
                        throw HypervisorError(kind, code: Int32(code), message: "failed")
                    }
                }
            }
            #expect(budget.counts.errors == [1: 2, 29: 1])
        }
    }
}
