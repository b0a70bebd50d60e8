import Foundation
import HTTPTestSupport
import Testing

@testable import HTTP

extension TLSTests {
    /// What clients get from a server with TLS.
    @Suite struct ServerTests {
        private func withTLSServer(
            _ context: TLSContext,
            limits: HTTPServerLimits = HTTPServerLimits(),
            record: ServerRecord = ServerRecord(),
            handler: @escaping HTTPServer.Handler = answerPath,
            _ body: (HTTPServer, TLSClient) async throws -> Void
        ) async throws {
            try await withServer(limits: limits, tls: { context }, record: record, handler: handler) { server in
                try await body(server, TLSClient(server))
            }
        }

        @Test(arguments: ["1.2", "1.3"])
        func aRequestIsAnswered(version: String) async throws {
            let record = ServerRecord()
            try await withTLSServer(try await .ofTests(), record: record) { _, client in
                let outcome = try await client.curl(
                    ["--tls-max", version, "--write-out", "%{http_version} %{ssl_verify_result}"],
                    path: "/a"
                )
                #expect(outcome.status == 0)
                #expect(outcome.output == "/a\n1.1 0")
            }
            #expect(record.statuses == [200])
            #expect(record.messages == [])
        }

        @Test func theVersionAndTheSuiteAreTheBestOnes() async throws {
            try await withTLSServer(try await .ofTests()) { _, client in
                let newest = try await client.opensslGet().output
                #expect(newest.contains("New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384"))
                #expect(newest.contains("Verify return code: 0 (ok)"))
                #expect(newest.contains("Compression: NONE"))
                let older = try await client.opensslGet(["-tls1_2"]).output
                #expect(older.contains("New, TLSv1.2, Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"))
                #expect(older.contains("/answer"))
            }
        }

        @Test(arguments: ["-tls1_1", "-tls1"])
        func olderVersionsAreNotServed(version: String) async throws {
            let record = ServerRecord()
            try await withTLSServer(try await .ofTests(), record: record) { _, client in
                let outcome = try await client.opensslGet([version, "-cipher", "ALL@SECLEVEL=0"])
                #expect(outcome.status == 1)
                #expect(outcome.output.contains("alert protocol version"))
                #expect(try await client.curl().status == 0)
            }
            #expect(record.statuses == [200])
        }

        @Test func theVersionsServedAreThoseConfigured() async throws {
            let newOnly = try await TLSContext.ofTests { $0.minimumVersion = .tls13 }
            try await withTLSServer(newOnly) { _, client in
                let old = try await client.opensslGet(["-tls1_2"]).output
                #expect(old.contains("alert protocol version"))
                let new = try await client.opensslGet(["-tls1_3"]).output
                #expect(new.contains("/answer"))
            }
            let oldOnly = try await TLSContext.ofTests { $0.maximumVersion = .tls12 }
            try await withTLSServer(oldOnly) { _, client in
                let new = try await client.opensslGet(["-tls1_3"]).output
                #expect(new.contains("alert protocol version"))
                let old = try await client.opensslGet(["-tls1_2"]).output
                #expect(old.contains("/answer"))
            }
        }

        @Test func theSuitesServedAreThoseConfigured() async throws {
            let chosen = try await TLSContext.ofTests {
                $0.cipherSuites = ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"]
            }
            try await withTLSServer(chosen) { _, client in
                let only = try await client.opensslGet(["-tls1_2"]).output
                #expect(only.contains("Cipher is ECDHE-ECDSA-AES256-SHA"))
                let other = try await client.opensslGet(["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"])
                #expect(other.output.contains("alert handshake failure"))
                let new = try await client.opensslGet(["-tls1_3"]).output
                #expect(new.contains("/answer"))
            }
            let newOnly = try await TLSContext.ofTests { $0.cipherSuites = ["TLS_AES_128_GCM_SHA256"] }
            try await withTLSServer(newOnly) { _, client in
                let old = try await client.opensslGet(["-tls1_2"]).output
                #expect(old.contains("alert protocol version"))
            }
        }

        @Test(arguments: [
            (true, "ECDHE-ECDSA-AES256-GCM-SHA384"), (false, "ECDHE-ECDSA-CHACHA20-POLY1305"),
        ])
        func theOrderOfSuitesIsTheServersOrTheClients(isTheServers: Bool, suite: String) async throws {
            let context = try await TLSContext.ofTests {
                $0.prefersServerCipherSuites = isTheServers
                $0.cipherSuites = [
                    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                ]
            }
            try await withTLSServer(context) { _, client in
                let suites = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"
                let output = try await client.opensslGet(["-tls1_2", "-cipher", suites]).output
                #expect(output.contains("Cipher is \(suite)"))
            }
        }

        @Test func theCurvesServedAreThoseConfigured() async throws {
            // P-256 is the curve of the server's certificate, which TLS 1.2 counts among those that are needed.
            let context = try await TLSContext.ofTests { $0.curves = ["CurveP384", "CurveP256"] }
            try await withTLSServer(context) { _, client in
                let usual = try await client.opensslGet().output
                #expect(usual.contains("Server Temp Key: ECDH, secp384r1, 384 bits"))
                let other = try await client.opensslGet(["-curves", "X25519"]).output
                #expect(other.contains("alert handshake failure"))
            }
            try await withTLSServer(try await .ofTests()) { _, client in
                let usual = try await client.opensslGet().output
                #expect(usual.contains("Server Temp Key: X25519"))
            }
        }

        @Test func http11IsTheProtocolChosen() async throws {
            let record = ServerRecord()
            try await withTLSServer(try await .ofTests(), record: record) { _, client in
                let both = try await client.opensslGet(["-alpn", "h2,http/1.1"])
                #expect(both.output.contains("ALPN protocol: http/1.1"))
                let other = try await client.opensslGet(["-alpn", "h2"])
                #expect(other.output.contains("alert no application protocol"))
            }
            #expect(record.statuses == [200])
        }

        @Test func anUnknownServerNameIsAccepted() async throws {
            try await withTLSServer(try await .ofTests()) { _, client in
                let elsewhere = try await client.opensslGet(["-servername", "elsewhere.example"]).output
                #expect(elsewhere.contains("/answer"))
                let nameless = try await client.opensslGet(["-noservername"]).output
                #expect(nameless.contains("/answer"))
            }
        }

        @Test func aConnectionServesOneRequestAfterTheOther() async throws {
            let record = ServerRecord()
            try await withTLSServer(try await .ofTests(), record: record) { _, client in
                let outcome = try await client.curl(
                    ["--write-out", "%{num_connects}\n", "https://localhost:\(client.port)/b"],
                    path: "/a"
                )
                #expect(outcome.output == "/b\n1\n/a\n0\n")
            }
            #expect(record.statuses == [200, 200])
        }

        @Test func headIsAnsweredWithTheLengthAndNoBody() async throws {
            try await withTLSServer(try await .ofTests()) { _, client in
                let outcome = try await client.curl(["--head"], path: "/head")
                #expect(outcome.status == 0)
                #expect(outcome.output.contains("Content-Length: 6\r\n"))
                #expect(outcome.output.hasSuffix("\r\n\r\n"))
            }
        }

        @Test func closeNotifyIsSentAtTheEnd() async throws {
            var limits = HTTPServerLimits()
            limits.idleTimeout = .milliseconds(100)
            try await withTLSServer(try await .ofTests(), limits: limits) { _, client in
                // The last message of the server.
                let closing = try await client.opensslGet(["-msg"]).output
                #expect(closing.contains("<<< TLS 1.3, Alert [length 0002], warning close_notify"))

                let program = try client.openssl(["-msg", "-ign_eof"])
                try program.type("GET /answer HTTP/1.1\r\nHost: h\r\n\r\n")
                let idle = try await program.outcome().output
                #expect(idle.contains("/answer"))
                #expect(idle.contains("<<< TLS 1.3, Alert [length 0002], warning close_notify"))
            }
        }

        @Test func recordsWithoutPlaintextDoNotExtendTheIdleTimeout() async throws {
            var limits = HTTPServerLimits()
            limits.idleTimeout = .milliseconds(500)
            try await withTLSServer(try await .ofTests(), limits: limits) { _, client in
                let program = try client.openssl(["-tls1_3", "-msg"])
                try program.type("GET /answer HTTP/1.1\r\nHost: h\r\n\r\n")
                let start = ContinuousClock.now
                var isOpen = true
                while isOpen && start.duration(to: .now) < .seconds(20) {
                    try await Task.sleep(for: .milliseconds(100))
                    // s_client then requests a key update.
                    do { try program.type("K\n") } catch { isOpen = false }
                }
                #expect(!isOpen)
                let outcome = try await program.outcome()
                #expect(outcome.output.contains("/answer"))
                #expect(outcome.output.contains("<<< TLS 1.3, Handshake [length 0005], KeyUpdate"))
            }
        }

        @Test func recordsWithoutPlaintextDoNotDelayTheShutdown() async throws {
            let context = try await TLSContext.ofTests()
            let start = try await withServer(tls: { context }) { server in
                for _ in 0..<16 { try await TestClient.connect(to: server.boundAddresses[0]).updateKeysWithoutEnd() }
                try await Task.sleep(for: .seconds(1))
                return ContinuousClock.now
            }
            // It takes a tenth of a second; twelve where it waits for a pause.
            #expect(start.duration(to: .now) < .seconds(6))
        }

        @Test(arguments: ["1.2", "1.3"])
        func aLargeBodyArrivesAsItIs(version: String) async throws {
            // Random, so that no part of it can stand for another.
            let random = try FileHandle(forReadingFrom: URL(filePath: "/dev/urandom"))
            let body = try #require(try random.read(upToCount: 8_000_000))
            let reply = HTTPReply(status: .ok, body: Array(body))
            var limits = HTTPServerLimits()
            limits.writeTimeout = .seconds(10)
            try await withTLSServer(try await .ofTests(), limits: limits, handler: { _ in reply }) { _, client in
                // Slow enough for the server to wait for the client many times.
                let arguments = ["--tls-max", version, "--limit-rate", "8M", "--output", client.file("body").path]
                let outcome = try await client.curl(arguments)
                #expect(outcome.status == 0, "\(outcome.output)")
                let arrived = try Data(contentsOf: client.file("body"))
                #expect(arrived == body)
            }
        }

        @Test func theConnectionOfAClientThatReadsNothingIsClosed() async throws {
            let size = 32_000_000
            let reply = HTTPReply(status: .ok, body: [UInt8](repeating: 0x61, count: size))
            var limits = HTTPServerLimits()
            limits.writeTimeout = .milliseconds(200)
            let record = ServerRecord()
            try await withTLSServer(try await .ofTests(), limits: limits, record: record, handler: { _ in reply }) {
                _,
                client in
                // Its output is a pipe that is not read, so that it stops reading itself.
                let program = try client.openssl(["-quiet"])
                try program.type("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                try await Task.sleep(for: .seconds(2))
                let outcome = try await program.outcome()
                #expect(outcome.output.utf8.count < size)
            }
            #expect(record.statuses == [])
        }

        @Test func unfinishedHandshakesShutNoClientOut() async throws {
            var limits = HTTPServerLimits()
            limits.maximumConnections = 4
            limits.requestHeadTimeout = .seconds(3600)
            try await withTLSServer(try await .ofTests(), limits: limits) { server, client in
                var silent: [TestClient] = []
                for _ in 0..<20 { silent.append(try await TestClient.connect(to: server.boundAddresses[0])) }
                let outcome = try await client.curl()
                #expect(outcome.status == 0, "\(outcome.output)")
                withExtendedLifetime(silent) {}
            }
        }
    }
}
