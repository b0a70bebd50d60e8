import FoundationEssentials
import HTTP
import HTTPTypes
import Synchronization
import Testing

@testable import WebConfiguration

/// Requests with right and wrong passwords. They are `wonder` for alice and `builder` for bob.
@Suite(.timeLimit(.minutes(1))) struct WebAccessTests {
    private static let users = """
        basic_auth_users:
          alice: \(hashOfWonder)
          bob: $2y$05$abcdefghijklmnopqrstuu3wiKDIdUrAhSFkvcAcWHGTjN7vc525q
          "Zoë": $2y$04$abcdefghijklmnopqrstuukUuOOsypX2d6r7fb/YUeaj41c1KQxyu
        """

    @Test func theRightPasswordIsLetThrough() async throws {
        let gate = try Gate(Self.users)
        #expect(await gate.status("alice", "wonder") == 200)
        #expect(await gate.status("bob", "builder") == 200)
        #expect(await gate.status("Zoë", "pass:word é") == 200)
        #expect(await gate.status(authorization: "bAsIc " + base64("alice:wonder")) == 200)
        #expect(gate.handled == 4)
    }

    @Test(arguments: [
        ("alice", "wrong"), ("alice", ""), ("alice", "wonder "), ("alice", " wonder"), ("alice", "Wonder"),
        ("alice", "wonder\0"), ("alice", "pass:word é"), ("alice", hashOfWonder), ("alice", "wonder:"),
        ("Alice", "wonder"), ("alice ", "wonder"), ("", "wonder"), ("", ""), ("carol", "wonder"), ("bob", "wonder"),
        // Another spelling of the same letters.
        ("Zoe\u{308}", "pass:word é"), ("Zoë", "pass:word e\u{301}"), ("alice\0", "wonder"),
        ("alice", String(repeating: "wonder", count: 200)),
    ])
    func anythingElseIsNot(user: String, password: String) async throws {
        let gate = try Gate(Self.users)
        #expect(await gate.status(user, password) == 401)
        // Nor when its outcome is known.
        #expect(await gate.status(user, password) == 401)
        // Nor after a right one.
        #expect(await gate.status("alice", "wonder") == 200)
        #expect(await gate.status(user, password) == 401)
        #expect(gate.handled == 1)
    }

    @Test func aRequestWithoutAPasswordIsAskedForOne() async throws {
        let gate = try Gate(Self.users)
        for authorization in [nil, "", "Basic", "Basic !", "Bearer " + base64("alice:wonder"), base64("alice:wonder")] {
            let reply = await gate.reply(authorization: authorization)
            #expect(reply.status == .unauthorized)
            #expect(reply.fields[.wwwAuthenticate]?.hasPrefix("Basic realm=") == true)
        }
        #expect(gate.handled == 0)
        #expect(gate.checks == 0)
    }

    @Test func twoAuthorizationFieldsAreRefused() async throws {
        let gate = try Gate(Self.users)
        var request = HTTPRequest(method: .get, scheme: "http", authority: "h", path: "/")
        for _ in 0..<2 {
            request.headerFields.append(HTTPField(name: .authorization, value: "Basic " + base64("alice:wonder")))
        }
        #expect(await gate.reply(request).status == .unauthorized)
    }

    @Test func aReplacedHashCountsAtOnce() async throws {
        let gate = try Gate(Self.users)
        #expect(await gate.status("alice", "wonder") == 200)
        #expect(await gate.status("alice", "builder") == 401)
        try gate.reconfigure("basic_auth_users: {alice: \(hashOfBuilder)}")
        #expect(await gate.status("alice", "wonder") == 401)
        #expect(await gate.status("alice", "builder") == 200)
        try gate.reconfigure("basic_auth_users: {bob: \(hashOfBuilder)}")
        #expect(await gate.status("alice", "builder") == 401)
        #expect(await gate.status("bob", "builder") == 200)
    }

    @Test func aHashReplacedDuringTheCheckCounts() async throws {
        let box = Mutex<Gate?>(nil)
        let gate = try Gate("basic_auth_users: {alice: \(hashOfWonder)}") {
            let gate = box.withLock { $0 }
            try? gate?.reconfigure("basic_auth_users: {alice: \(hashOfBuilder)}")
        }
        box.withLock { $0 = gate }
        #expect(await gate.status("alice", "wonder") == 401)
        #expect(gate.handled == 0)
        box.withLock { $0 = nil }
    }

    @Test func withoutUsersEveryRequestIsAnswered() async throws {
        let gate = try Gate("{}")
        #expect(await gate.reply(authorization: nil).status == .ok)
        #expect(await gate.status("someone", "anything") == 200)
        #expect(gate.checks == 0)
    }

    @Test func aRightPasswordIsCheckedOnce() async throws {
        let gate = try Gate(Self.users)
        for _ in 0..<10 { #expect(await gate.status("alice", "wonder") == 200) }
        #expect(gate.checks == 1)
        // A wrong one neither replaces it nor is remembered.
        for _ in 0..<3 { #expect(await gate.status("alice", "wrong") == 401) }
        #expect(await gate.status("alice", "wonder") == 200)
        #expect(gate.checks == 4)
    }

    @Test func anUnknownUserCostsAsMuchAsAKnownOne() async throws {
        let gate = try Gate(Self.users)
        var costs: [String: Int] = [:]
        for user in ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"] {
            let before = gate.costs.count
            #expect(await gate.status(user, "wrong") == 401)
            #expect(gate.costs.count == before + 1, "\(user)")
            costs[user] = gate.costs.last
            // The same for the same name, whatever the password.
            #expect(await gate.status(user, "wrong again") == 401)
            #expect(gate.costs.last == costs[user], "\(user)")
        }
        #expect(costs["alice"] == 4 && costs["bob"] == 5)
        #expect(Set(costs.values) == [4, 5])
    }

    @Test func aKnownUsersPasswordIsWrongForAnUnknownUser() async throws {
        // There is one hash alone to choose from.
        let gate = try Gate("basic_auth_users: {alice: \(hashOfWonder)}")
        #expect(await gate.status("carol", "wonder") == 401)
        #expect(await gate.status("alice", "wonder") == 200)
        #expect(await gate.status("carol", "wonder") == 401)
        #expect(gate.checks == 3)
    }

    @Test func theRateLimitComesFirstAndTheHeadersOfTheConfigurationAreOnAllOtherReplies() async throws {
        let gate = try Gate(
            """
            \(Self.users)
            rate_limit: {interval: 1h, burst: 3}
            http_server_config: {headers: {X-Frame-Options: deny, Content-Security-Policy: default-src 'self'}}
            """
        )
        let frameOptions = try #require(HTTPField.Name("X-Frame-Options"))
        #expect(await gate.reply(authorization: nil).fields[frameOptions] == "deny")
        #expect(await gate.status("alice", "wrong") == 401)
        let answered = await gate.reply(authorization: "Basic " + base64("alice:wonder"))
        #expect(answered.status == .ok)
        #expect(answered.fields[frameOptions] == "deny")
        #expect(answered.fields[values: .contentSecurityPolicy] == ["default-src 'self'"])
        let refused = await gate.reply(authorization: "Basic " + base64("alice:wonder"))
        #expect(refused.status == .tooManyRequests)
        #expect(refused.fields[.retryAfter] == "3600")
        #expect(refused.fields[frameOptions] == nil)
        #expect(gate.handled == 1)
    }

    @Test func aRateLimitCanBeChangedAndLifted() async throws {
        let gate = try Gate("rate_limit: {interval: 1h, burst: 1}")
        #expect(await gate.reply(authorization: nil).status == .ok)
        #expect(await gate.reply(authorization: nil).status == .tooManyRequests)
        try gate.reconfigure("rate_limit: {interval: 1h, burst: 2}")
        #expect(await gate.reply(authorization: nil).status == .ok)
        #expect(await gate.reply(authorization: nil).status == .ok)
        #expect(await gate.reply(authorization: nil).status == .tooManyRequests)
        try gate.reconfigure("{}")
        #expect(await gate.reply(authorization: nil).status == .ok)
    }
}

let hashOfBuilder = "$2y$04$abcdefghijklmnopqrstuu/GACL4BASs5qZJ2H5JEo0yW9XEj5.iq"

private func base64(_ text: String) -> String {
    Data(text.utf8).base64EncodedString()
}

/// A `WebAccess` before a handler that counts, with a configuration that can be exchanged.
private final class Gate: Sendable {
    private struct State {
        var configuration: WebConfiguration
        var handled = 0
        var costs: [Int] = []
    }

    private let state: Box
    private let access: WebAccess

    private final class Box: Sendable {
        let value: Mutex<State>

        init(_ state: State) { value = Mutex(state) }
    }

    init(_ yaml: String, duringCheck: @escaping @Sendable () -> Void = {}) throws {
        let box = Box(State(configuration: try webConfiguration(yaml)))
        state = box
        access = WebAccess(
            { box.value.withLock { $0.configuration } },
            checks: PasswordChecks { hash, password in
                box.value.withLock { $0.costs.append(hash.cost) }
                duringCheck()
                return hash.isHash(of: password)
            }
        )
    }

    /// How many requests the handler got.
    var handled: Int { state.value.withLock { $0.handled } }
    /// The costs of the hashes that were computed.
    var costs: [Int] { state.value.withLock { $0.costs } }
    var checks: Int { costs.count }

    func reconfigure(_ yaml: String) throws {
        let configuration = try webConfiguration(yaml)
        state.value.withLock { $0.configuration = configuration }
    }

    func status(_ user: String, _ password: String) async -> Int {
        await status(authorization: "Basic " + base64("\(user):\(password)"))
    }

    func status(authorization: String) async -> Int {
        await reply(authorization: authorization).status.code
    }

    func reply(authorization: String?) async -> HTTPReply {
        var request = HTTPRequest(method: .get, scheme: "http", authority: "h", path: "/")
        request.headerFields[.authorization] = authorization
        return await reply(request)
    }

    func reply(_ request: HTTPRequest) async -> HTTPReply {
        await access.answer(request) { _ in
            self.state.value.withLock { $0.handled += 1 }
            return HTTPReply(status: .ok, fields: [.contentSecurityPolicy: "default-src 'none'"])
        }
    }
}
