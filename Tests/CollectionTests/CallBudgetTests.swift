import Hypervisor
import Testing

@testable import Collection

@Suite struct CallBudgetTests {
    private let budget = CallBudget(bound: 4, scheduler: SystemScheduler())

    private struct Failure: Error, Equatable {}

    /// An operation that cannot be stopped, as one of libvirt's, until the test lets it go.
    private final class Stuck: Sendable {
        private let (stream, continuation) = AsyncStream.makeStream(of: Void.self)

        func run() async {
            await Task { for await _ in stream {} }.value
        }

        func letGo() {
            continuation.finish()
        }
    }

    @Test func anOperationInTimeGivesItsValue() async throws {
        #expect(try await budget.run(within: .seconds(10)) { 42 } == 42)
        #expect(budget.counts.abandoned == 0)
    }

    @Test func anOperationsErrorIsThrown() async {
        await #expect(throws: Failure.self) { try await budget.run(within: .seconds(10)) { throw Failure() } }
        #expect(budget.counts.abandoned == 0)
    }

    @Test func aLateOperationIsLeftBehindAndCountedUntilItComesBack() async throws {
        let stuck = Stuck()
        await #expect(throws: HypervisorError.self) {
            try await budget.run(within: .milliseconds(20)) { await stuck.run() }
        }
        #expect(budget.counts.abandoned == 1)
        stuck.letGo()
        try await untilNoneIsLeft()
    }

    @Test func aCancelledWaiterLeavesItsOperationBehind() async throws {
        let stuck = Stuck()
        let waiter = Task { try await budget.run(within: .seconds(60)) { await stuck.run() } }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(budget.counts.abandoned == 1)
        stuck.letGo()
        try await untilNoneIsLeft()
    }

    @Test func manyEndsAtTheTimeoutAreCountedRight() async throws {
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    _ = try? await budget.run(within: .milliseconds(20)) {
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
            }
        }
        try await untilNoneIsLeft()
    }

    @Test func aDomainIsHeldUntilItsAbandonedCallReturns() async throws {
        let stuck = Stuck()
        let domain = try #require(DomainUUID(bytes: 1...16))
        await #expect(throws: HypervisorError.self) {
            try await budget.run(about: domain, waitingFor: .monitor, within: .milliseconds(20)) { await stuck.run() }
        }
        #expect(budget.hold(of: domain)?.reason == .monitor)
        let refused = await #expect(throws: HypervisorError.self) {
            try await budget.run(about: domain, within: .seconds(10)) {}
        }
        #expect(refused?.kind == .held)
        stuck.letGo()
        try await untilNoneIsLeft()
        #expect(budget.hold(of: domain) == nil)
        try await budget.run(about: domain, within: .seconds(10)) {}
    }

    @Test func anAbandonedCallOfSeveralDomainsIsAttributedToOne() async throws {
        let stuck = Stuck()
        let (first, second) = (try #require(DomainUUID(bytes: 1...16)), try #require(DomainUUID(bytes: 2...17)))
        let call = budget.newCall()
        _ = try? await budget.run(call, within: .milliseconds(20)) { await stuck.run() }
        budget.attribute(call, to: first, .monitor)
        budget.attribute(call, to: second, .monitor)
        #expect(budget.holds.keys.elementsEqual([first]))
        budget.release(first)
        #expect(budget.holds.isEmpty)
        #expect(budget.counts.abandoned == 1)
        stuck.letGo()
        try await untilNoneIsLeft()
    }

    @Test func atTheBoundNoCallIsMadeUntilOneReturns() async throws {
        let stuck = Stuck()
        for _ in 0..<4 { _ = try? await budget.run(within: .milliseconds(5)) { await stuck.run() } }
        #expect(budget.counts.abandoned == 4)
        let refused = await #expect(throws: HypervisorError.self) { try await budget.run(within: .milliseconds(5)) {} }
        #expect(refused?.kind == .exhausted)
        async let waiting: Void = budget.run(within: .seconds(60)) {}
        stuck.letGo()
        try await waiting
    }

    @Test func ofAGroupOnlyAFewCallsAreMadeAtATime() async throws {
        let stuck = Stuck()
        for _ in 0..<3 { _ = try? await budget.run(in: .open, within: .milliseconds(5)) { await stuck.run() } }
        let refused = await #expect(throws: HypervisorError.self) {
            try await budget.run(in: .open, within: .milliseconds(5)) {}
        }
        #expect(refused?.kind == .exhausted)
        try await budget.run(within: .seconds(10)) {}
        stuck.letGo()
        try await untilNoneIsLeft()
    }

    private func untilNoneIsLeft() async throws {
        for _ in 0..<200 where budget.counts.abandoned > 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(budget.counts.abandoned == 0)
    }
}
