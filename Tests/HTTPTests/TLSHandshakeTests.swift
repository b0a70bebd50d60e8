import Foundation
import HTTPTestSupport
import Testing

@testable import HTTP

extension TLSTests {
    /// Clients that do not get as far as a request, or not by TLS.
    @Suite struct HandshakeTests {
        /// The beginning of a ClientHello of 240 bytes, all of which may be waited for.
        private let beginningOfHello: [UInt8] = [0x16, 0x03, 0x01, 0x00, 0xF4, 0x01, 0x00, 0x00, 0xF0, 0x03, 0x03]

        @Test(arguments: ["GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD / HTTP/1.0\r\n\r\n", "POST / HTTP/1.1\r\n"])
        func aRequestWithoutTLSIsRefusedWithAReason(request: String) async throws {
            let context = try await TLSContext.ofTests()
            let record = ServerRecord()
            try await withServer(tls: { context }, record: record) { server in
                let client = try await TestClient.connect(to: server.boundAddresses[0])
                try await client.send(request)
                let reply = try #require(try await client.reply())
                #expect(reply.status == 400)
                #expect(reply.body == "Client sent an HTTP request to an HTTPS server.\n")
                #expect(reply.fields["connection"] == "close")
                #expect(try await client.isAtEnd())
                #expect(try await TLSClient(server).curl().status == 0)
            }
            #expect(record.statuses == [400, 200])
        }

        @Test func randomBytesEndOnlyTheirOwnConnection() async throws {
            let context = try await TLSContext.ofTests()
            let record = ServerRecord()
            var random = SystemRandomNumberGenerator()
            try await withServer(tls: { context }, record: record) { server in
                for length in [1, 5, 6, 100, 5000, 100_000] {
                    let client = try await TestClient.connect(to: server.boundAddresses[0])
                    // No message of TLS begins with such a byte, nor does HTTP.
                    try await client.send([0xFF] + (1..<length).map { _ in random.next() })
                    client.endInput()
                    // Its end may be a reset, when it sends more than is read.
                    _ = try? await client.countToEnd()
                }
                for length in 1...beginningOfHello.count {
                    let client = try await TestClient.connect(to: server.boundAddresses[0])
                    try await client.send(beginningOfHello.prefix(length) + (0..<500).map { _ in random.next() })
                    client.endInput()
                    _ = try? await client.countToEnd()
                }
                // What is left of their errors on this thread must not be taken for somebody else's.
                for _ in 0..<5 { #expect(try await TLSClient(server).curl().status == 0) }
            }
            #expect(record.statuses == [200, 200, 200, 200, 200])
            #expect(record.messages == [])
        }

        @Test func aHandshakeThatIsNotOverInTimeIsCutOff() async throws {
            var limits = HTTPServerLimits()
            limits.requestHeadTimeout = .milliseconds(400)
            let context = try await TLSContext.ofTests()
            let record = ServerRecord()
            try await withServer(limits: limits, tls: { context }, record: record) { server in
                let address = server.boundAddresses[0]
                let silent = try await TestClient.connect(to: address)
                let stuck = try await TestClient.connect(to: address)
                try await stuck.send(beginningOfHello)
                let trickling = try await TestClient.connect(to: address)
                let start = ContinuousClock.now
                // Each byte comes long before the deadline, were it counted from the byte before.
                var isCutOff = false
                for byte in beginningOfHello + [UInt8](repeating: 0, count: 200) where !isCutOff {
                    do {
                        try await trickling.send([byte])
                        try await Task.sleep(for: .milliseconds(20))
                    } catch {
                        isCutOff = true
                    }
                }
                #expect(isCutOff, "it could go on for \(start.duration(to: .now))")
                #expect(try await silent.isAtEnd())
                #expect(try await stuck.isAtEnd())
            }
            #expect(record.statuses == [])
            #expect(record.messages == [])
        }

        @Test func theTimeForTheFirstRequestBeginsWithTheConnection() async throws {
            var limits = HTTPServerLimits()
            limits.requestHeadTimeout = .seconds(1)
            let context = try await TLSContext.ofTests()
            let record = ServerRecord()
            try await withServer(limits: limits, tls: { context }, record: record) { server in
                let client = try await TLSClient(server)
                let program = try client.openssl(["-ign_eof"])
                try program.type("GET / HTTP/1.1\r\n")
                let outcome = try await program.outcome()
                #expect(outcome.output.contains("HTTP/1.1 408 Request Timeout"))
            }
            #expect(record.statuses == [408])
        }

        @Test func aShutdownWaitsForNoHandshake() async throws {
            let context = try await TLSContext.ofTests()
            let record = ServerRecord()
            try await withServer(tls: { context }, record: record) { server in
                let client = try await TestClient.connect(to: server.boundAddresses[0])
                try await client.send(beginningOfHello)
                // Connections are accepted in their order: once a later one has its answer, this one is waited for.
                #expect(try await TLSClient(server).curl().status == 0)
                server.shutDownGracefully()
                #expect(try await client.isAtEnd())
            }
        }

        @Test func renegotiationIsRefused() async throws {
            let context = try await TLSContext.ofTests()
            let record = ServerRecord()
            try await withServer(tls: { context }, record: record) { server in
                let client = try await TLSClient(server)
                let program = try client.openssl(["-tls1_2", "-msg"])
                try program.type("GET /before HTTP/1.1\r\nHost: h\r\n\r\n")
                while record.statuses.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
                // s_client takes an R at the beginning of what is typed for the wish to negotiate anew.
                try program.type("R\n")
                let outcome = try await program.outcome()
                let parts = outcome.output.components(separatedBy: "RENEGOTIATING")
                #expect(parts.count == 2)
                #expect(parts[0].contains("<<< TLS 1.2, Handshake [length 0004], ServerHelloDone"))
                #expect(parts.last?.contains(", ClientHello") == true)
                #expect(parts.last?.contains("ServerHello") == false)
                #expect(parts.last?.contains("warning no_renegotiation") == true)
            }
            #expect(record.statuses == [200])
        }
    }
}
