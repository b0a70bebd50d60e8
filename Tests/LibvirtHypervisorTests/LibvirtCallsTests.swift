import Testing

@testable import GuestMemory

@Suite struct LibvirtCallsTests {
    private let calls = LibvirtCalls()

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
        #expect(try await calls.run(until: .now + .seconds(10)) { 42 } == 42)
        #expect(calls.leftBehind == 0)
    }

    @Test func anOperationWithoutADeadlineIsWaitedFor() async throws {
        #expect(try await calls.run { 42 } == 42)
    }

    @Test func anOperationsErrorIsThrown() async {
        await #expect(throws: Failure.self) { try await calls.run(until: .now + .seconds(10)) { throw Failure() } }
        #expect(calls.leftBehind == 0)
    }

    @Test func aLateOperationIsLeftBehindAndCountedUntilItComesBack() async throws {
        let stuck = Stuck()
        await #expect(throws: DeadlineExceeded.self) {
            try await calls.run(until: .now + .milliseconds(20)) { await stuck.run() }
        }
        #expect(calls.leftBehind == 1)
        stuck.letGo()
        try await untilNoneIsLeft()
    }

    @Test func aCancelledWaiterLeavesItsOperationBehind() async throws {
        let stuck = Stuck()
        let waiter = Task { try await calls.run { await stuck.run() } }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        #expect(calls.leftBehind == 1)
        stuck.letGo()
        try await untilNoneIsLeft()
    }

    @Test func manyEndsAtTheDeadlineAreCountedRight() async throws {
        await withTaskGroup { group in
            for _ in 0..<200 {
                group.addTask {
                    let end = ContinuousClock.now + .milliseconds(20)
                    _ = try? await calls.run(until: end) { try await Task.sleep(until: end, clock: .continuous) }
                }
            }
        }
        try await untilNoneIsLeft()
    }

    private func untilNoneIsLeft() async throws {
        for _ in 0..<200 where calls.leftBehind > 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(calls.leftBehind == 0)
    }
}
