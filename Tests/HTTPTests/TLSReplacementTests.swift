import Foundation
import HTTPTestSupport
import Testing

@testable import HTTP

extension TLSTests {
    /// Sessions that are taken up again, and contexts that are replaced while the server runs.
    @Suite struct ReplacementTests {
        /// Connects twice, the second time with the session of the first, and returns whether it was resumed.
        private func isResumed(
            _ context: CurrentContext,
            _ version: String,
            between: () -> Void = {}
        ) async throws -> Bool {
            let record = ServerRecord()
            var isResumed = false
            try await withServer(tls: { context.value }, record: record) { server in
                let client = try await TLSClient(server)
                let session = client.file("session").path
                let first = try await client.opensslGet([version, "-sess_out", session])
                #expect(first.output.contains("/answer"))
                between()
                let second = try await client.opensslGet([version, "-sess_in", session])
                #expect(second.output.contains("/answer"))
                isResumed = second.output.contains("Reused, TLSv")
                #expect(isResumed || second.output.contains("New, TLSv"))
            }
            #expect(record.statuses == [200, 200])
            return isResumed
        }

        @Test(arguments: ["-tls1_2", "-tls1_3"])
        func aSessionIsTakenUpAgain(version: String) async throws {
            #expect(try await isResumed(CurrentContext(try await .ofTests()), version))
        }

        @Test(arguments: ["-tls1_2", "-tls1_3"])
        func noSessionOutlivesItsContext(version: String) async throws {
            let context = CurrentContext(try await .ofTests())
            let same = try await TLSContext.ofTests()
            #expect(try await !isResumed(context, version) { context.replace(by: same) })
        }

        @Test(arguments: ["-tls1_2", "-tls1_3"])
        func clientsThatAreAskedForCertificatesGetNoSessionTicket(version: String) async throws {
            let identity = try await TestCertificates.shared.client
            for type in TLSServerConfiguration.ClientAuthentication.allCases where type != .noClientCert {
                let context = try await TLSContext.askingClients(type)
                try await withServer(tls: { context }) { server in
                    let client = try await TLSClient(server)
                    let session = client.file("session").path
                    for identity in type == .requestClientCert ? [nil, identity] : [identity] {
                        let outcome = try await client.opensslGet([version, "-sess_out", session], as: identity)
                        #expect(outcome.output.contains("/answer"), "\(type)")
                        #expect(!FileManager.default.fileExists(atPath: session), "\(type)")
                    }
                }
            }
        }

        @Test(arguments: ["-tls1_2", "-tls1_3"])
        func aSessionFromBeforeClientCertificatesWereRequiredIsRefused(version: String) async throws {
            let context = CurrentContext(try await .ofTests())
            let asking = try await TLSContext.askingClients()
            let record = ServerRecord()
            try await withServer(tls: { context.value }, record: record) { server in
                let client = try await TLSClient(server)
                let session = client.file("session").path
                let first = try await client.opensslGet([version, "-sess_out", session])
                #expect(first.output.contains("/answer"))
                context.replace(by: asking)
                let second = try await client.opensslGet([version, "-sess_in", session])
                #expect(!second.output.contains("/answer"))
                #expect(second.output.contains("alert"))
            }
            #expect(record.statuses == [200])
        }

        @Test func aNewCertificateIsUsedForNewConnections() async throws {
            let certificates = try await TestCertificates.shared
            let context = CurrentContext(try await .ofTests())
            let record = ServerRecord()
            try await withServer(tls: { context.value }, record: record) { server in
                let client = try await TLSClient(server)
                let open = try client.openssl(["-ign_eof"])
                try open.type("GET /before HTTP/1.1\r\nHost: h\r\n\r\n")
                while record.statuses.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
                let old = try await client.opensslGet().output
                #expect(old.contains("subject=CN = server\n"))

                context.replace(by: try await .ofTests(certificates.newServer))
                let new = try await client.opensslGet().output
                #expect(new.contains("subject=CN = new-server\n"))
                // The connection from before gets one more answer, and the client comes again.
                try open.type("GET /after HTTP/1.1\r\nHost: h\r\n\r\n")
                let outcome = try await open.outcome()
                #expect(outcome.output.contains("/after"))
                #expect(outcome.output.contains("Connection: close"))
            }
            #expect(record.statuses == [200, 200, 200, 200])
        }

        @Test func aRequestIsNotAnsweredWhenItsClientMightFailTheNewTLS() async throws {
            let context = CurrentContext(nil)
            let asking = try await TLSContext.askingClients()
            let record = ServerRecord()
            // As if the file had changed after the TLS was looked at, and before the password was.
            let handler: HTTPServer.Handler = { request in
                context.replace(by: asking)
                return await answerPath(request)
            }
            try await withServer(tls: { context.value }, record: record, handler: handler) { server in
                let open = try await TestClient.connect(to: server.boundAddresses[0])
                #expect(try await open.get("/secret") == nil)
            }
            #expect(record.statuses == [])
        }

        @Test func connectionsEndWhenClientCertificatesAreRequiredAnew() async throws {
            let certificates = try await TestCertificates.shared
            let unasked = try await TLSContext.ofTests()
            let asking = try await TLSContext.askingClients()
            let anotherAuthority = try await TLSContext.ofTests {
                $0.clientAuthentication = .requireAndVerifyClientCert
                $0.clientAuthorities = .inline(certificates.root.certificate)
            }
            for (before, after) in [(unasked, asking), (asking, anotherAuthority)] {
                let context = CurrentContext(before)
                let record = ServerRecord()
                try await withServer(tls: { context.value }, record: record) { server in
                    let client = try await TLSClient(server)
                    let open = try client.openssl(["-ign_eof"], as: certificates.client)
                    try open.type("GET /before HTTP/1.1\r\nHost: h\r\n\r\n")
                    while record.statuses.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
                    context.replace(by: after)
                    try open.type("GET /after HTTP/1.1\r\nHost: h\r\n\r\n")
                    let outcome = try await open.outcome()
                    #expect(outcome.output.contains("/before"))
                    #expect(!outcome.output.contains("/after"))
                }
                #expect(record.statuses == [200])
            }
        }

        @Test func aConnectionWithoutTLSEndsWhenTLSIsSwitchedOn() async throws {
            let context = CurrentContext(nil)
            let record = ServerRecord()
            try await withServer(tls: { context.value }, record: record) { server in
                let open = try await TestClient.connect(to: server.boundAddresses[0])
                #expect(try await open.get("/")?.status == 200)
                context.replace(by: try await .ofTests())
                #expect(try await open.get("/") == nil)
                let secured = try await TLSClient(server).opensslGet().output
                #expect(secured.contains("/answer"))

                context.replace(by: nil)
                let plain = try await TestClient.connect(to: server.boundAddresses[0])
                #expect(try await plain.get("/")?.status == 200)
            }
            #expect(record.statuses == [200, 200, 200])
        }
    }
}
