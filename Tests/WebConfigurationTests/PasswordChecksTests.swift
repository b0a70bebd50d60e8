import Glibc
import Synchronization
import Testing

@testable import WebConfiguration

@Suite(.timeLimit(.minutes(1))) struct PasswordChecksTests {
    @Test func wrongPasswordsDoNotPushTheRightOneOut() async throws {
        let slow = SlowCheck()
        slow.open()
        #expect(await slow.checks.isRight(question("right")) == true)
        for number in 0..<300 {
            #expect(await slow.checks.isRight(question("wrong \(number)")) == false)
        }
        #expect(await slow.checks.isRight(question("right")) == true)
        #expect(slow.started.filter { $0 == "right" }.count == 1)
    }

    @Test func underAFloodOfWrongPasswordsARightOneThatIsKnownNeedsNoCheck() async throws {
        let slow = SlowCheck()
        slow.open()
        #expect(await slow.checks.isRight(question("right")) == true)
        slow.close()
        try await withThrowingTaskGroup(of: Bool?.self) { group in
            let bound = PasswordChecks.maximumWaiting
            for number in 0..<bound + 50 {
                group.addTask { await slow.checks.isRight(question("guess \(number)")) }
            }
            // Those above the bound are refused at once.
            for _ in 0..<50 { #expect(try await group.next() == .some(nil)) }
            #expect(slow.checks.waitingCount == bound)
            #expect(await slow.checks.isRight(question("right")) == true)
            #expect(await slow.checks.isRight(question("another")) == nil)
            slow.open()
            for try await verdict in group { #expect(verdict == false) }
        }
        #expect(slow.checks.waitingCount == 0)
        #expect(await slow.checks.isRight(question("another")) == false)
    }

    @Test func checksAreMadeOneAfterAnotherInTheOrderOfTheirRequests() async throws {
        let slow = SlowCheck()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { _ = await slow.checks.isRight(question("\(number)")) }
                try await waitUntil { slow.checks.waitingCount == number + 1 }
            }
            try await slow.waitUntilStarted(1)
            #expect(slow.started.count == 1)
            slow.open()
            try await group.waitForAll()
        }
        #expect(slow.started.first == "0")
        #expect(slow.started.sorted() == (0..<8).map(String.init))
    }

    @Test func aCancelledRequestIsNotChecked() async throws {
        let slow = SlowCheck()
        let first = Task { await slow.checks.isRight(question("first")) }
        try await slow.waitUntilStarted(1)
        let second = Task { await slow.checks.isRight(question("right")) }
        try await waitUntil { slow.checks.waitingCount == 2 }
        second.cancel()
        slow.open()
        #expect(await second.value == false)
        #expect(await first.value == false)
        #expect(slow.started == ["first"])
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

    /// Holds every check from now on.
    func close() {
        box.state.withLock { $0.isOpen = false }
    }

    func waitUntilStarted(_ count: Int) async throws {
        try await waitUntil { self.started.count >= count }
    }
}

/// Throws when the test's time is over.
private func waitUntil(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(1)) }
}
