import Glibc
import Synchronization
import Testing

@testable import MetricsHTTP

@Suite(.timeLimit(.minutes(1))) struct PasswordChecksTests {
    @Test func identicalChecksUnderWayAreShared() async throws {
        let slow = SlowCheck()
        let checks = slow.checks
        async let verdicts = withTaskGroup(of: PasswordChecks.Verdict.self) { group in
            for _ in 0..<50 {
                group.addTask { await checks.verdict(on: question("right"), from: .local) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        try await slow.waitUntilStarted(1)
        slow.open()
        #expect(await verdicts.filter { $0 == .right }.count == 50)
        #expect(slow.started == ["right"])
    }

    @Test func wrongPasswordsDoNotPushRightOnesOut() async throws {
        let slow = SlowCheck()
        slow.open()
        #expect(await slow.checks.verdict(on: question("right"), from: .local) == .right)
        for number in 0..<3000 {
            #expect(await slow.checks.verdict(on: question("wrong \(number)"), from: .local) == .wrong)
        }
        #expect(await slow.checks.verdict(on: question("right"), from: .local) == .right)
        #expect(slow.started.filter { $0 == "right" }.count == 1)
    }

    @Test func whileOneNetworkGuessesAnothersTurnIsTheNext() async throws {
        let slow = SlowCheck()
        let checks = slow.checks
        let first = Task { await checks.verdict(on: question("first guess"), from: network(1)) }
        try await slow.waitUntilStarted(1)
        try await withThrowingTaskGroup(of: PasswordChecks.Verdict.self) { group in
            for number in 0..<200 {
                group.addTask { await checks.verdict(on: question("guess \(number)"), from: network(1)) }
            }
            for _ in 0..<192 { #expect(try await group.next() == .tooManyOfTheClient) }
            let other = Task { await checks.verdict(on: question("right"), from: network(2)) }
            try await waitUntil { checks.waitingCount == 9 }
            slow.open()
            #expect(await other.value == .right)
            for try await verdict in group { #expect(verdict == .wrong) }
        }
        #expect(await first.value == .wrong)
        #expect(slow.started.count == 10)
        // Behind the one under way and one of those that came before it.
        #expect(slow.started.firstIndex(of: "right") == 2)
    }

    @Test func beyondTheBoundNothingWaits() async throws {
        let slow = SlowCheck()
        let checks = slow.checks
        let first = Task { await checks.verdict(on: question("first"), from: .local) }
        try await slow.waitUntilStarted(1)
        try await withThrowingTaskGroup(of: PasswordChecks.Verdict.self) { group in
            for number in 0..<80 {
                group.addTask { await checks.verdict(on: question("guess \(number)"), from: network(number)) }
            }
            for _ in 0..<16 { #expect(try await group.next() == .tooMany) }
            slow.open()
            for try await verdict in group { #expect(verdict == .wrong) }
        }
        #expect(await first.value == .wrong)
    }

    @Test func whoGivesUpWaitsNoMore() async throws {
        let slow = SlowCheck()
        let checks = slow.checks
        let first = Task { await checks.verdict(on: question("first"), from: .local) }
        try await slow.waitUntilStarted(1)
        let second = Task { await checks.verdict(on: question("second"), from: .local) }
        try await waitUntil { checks.waitingCount == 1 }
        second.cancel()
        #expect(await second.value == .tooMany)
        first.cancel()
        #expect(await first.value == .tooMany)
        slow.open()
        #expect(await checks.verdict(on: question("right"), from: .local) == .right)
        #expect(slow.started == ["first", "right"])
    }

    private let hash: BcryptHash

    init() throws {
        hash = try BcryptHash(hashOfWonder)
    }

    private func question(_ password: String) -> PasswordChecks.Question {
        .init(
            credentials: BasicCredentials(user: Array("alice".utf8), password: Array(password.utf8)),
            hash: hash,
            isUserKnown: true
        )
    }

    private func network(_ number: Int) -> ClientNetwork {
        ClientNetwork(ipv6: [0x20, 0x01, 0, 0, 0, 0, 0, UInt8(number), 0, 0, 0, 0, 0, 0, 0, 0])
    }
}

/// A check that notes what it is asked and takes as long as the test likes. `right` is the right password.
private final class SlowCheck: Sendable {
    private struct State {
        var started: [String] = []
        var isOpen = false
    }

    private final class Box: Sendable {
        let state = Mutex(State())
    }

    private let box = Box()
    let checks: PasswordChecks

    init() {
        checks = PasswordChecks { [box] _, password in
            let text = String(decoding: password, as: UTF8.self)
            box.state.withLock { $0.started.append(text) }
            while !box.state.withLock({ $0.isOpen }) { usleep(500) }
            return text == "right"
        }
    }

    /// The passwords that were checked, in their order.
    var started: [String] { box.state.withLock { $0.started } }

    /// Lets every check end.
    func open() {
        box.state.withLock { $0.isOpen = true }
    }

    func waitUntilStarted(_ count: Int) async throws {
        try await waitUntil { self.started.count >= count }
    }
}

/// Throws when the test's time is over.
private func waitUntil(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(1)) }
}
