import Foundation
import HTTPTestSupport
import Testing

@testable import HTTP

extension TLSTests {
    /// Who gets in, and who does not.
    @Suite struct ClientAuthenticationTests {
        /// A client, by the certificate that it has.
        enum Client: CaseIterable {
            case none, known, other, foreign, selfMade, expired, future, server

            func identity(_ certificates: TestCertificates) -> TestCertificates.Identity? {
                switch self {
                case .none: nil
                case .known: certificates.client
                case .other: certificates.otherClient
                case .foreign: certificates.foreignClient
                case .selfMade: certificates.selfMadeClient
                case .expired: certificates.expiredClient
                case .future: certificates.futureClient
                case .server: certificates.serverAsClient
                }
            }
        }

        /// Sends a request of each client, and returns which of them got an answer.
        private func admitted(by context: TLSContext, _ arguments: [String] = []) async throws -> Set<Client> {
            let certificates = try await TestCertificates.shared
            var admitted: Set<Client> = []
            for client in Client.allCases {
                let record = ServerRecord()
                try await withServer(tls: { context }, record: record) { server in
                    let outcome = try await TLSClient(server).curl(arguments, as: client.identity(certificates))
                    // Whether the handler was asked counts, whatever the client made of it.
                    #expect((outcome.status == 0) == (record.statuses == [200]), "\(client): \(outcome)")
                    #expect(record.statuses == [200] || record.statuses == [], "\(client): \(outcome)")
                }
                if record.statuses == [200] { admitted.insert(client) }
            }
            return admitted
        }

        @Test(arguments: ["1.2", "1.3"])
        func eachTypeAdmitsItsOwn(version: String) async throws {
            typealias Authentication = TLSServerConfiguration.ClientAuthentication
            let everybody = Set(Client.allCases)
            let expected: [Authentication: Set<Client>] = [
                .noClientCert: everybody,
                .requestClientCert: everybody,
                .requireAnyClientCert: everybody.subtracting([.none]),
                .verifyClientCertIfGiven: [.none, .known, .other],
                .requireAndVerifyClientCert: [.known, .other],
            ]
            for type in Authentication.allCases {
                let context = type == .noClientCert ? try await TLSContext.ofTests() : try await .askingClients(type)
                let admitted = try await admitted(by: context, ["--tls-max", version])
                #expect(admitted == expected[type], "\(type)")
            }
        }

        @Test(arguments: [
            "prometheus.example", "prometheus@example", "spiffe://example/prometheus", "192.0.2.7", "2001:db8::7",
            "2001:0DB8:0:0:0:0:0:7",
        ])
        func aClientWithOneOfTheNamesIsAdmitted(name: String) async throws {
            let context = try await TLSContext.askingClients(names: ["elsewhere.example", name])
            #expect(try await admitted(by: context) == [.known])
        }

        @Test(arguments: [
            // A common name is no alternative name; the rest is like a name of the client's, and is not it.
            "client", "Prometheus.example", "example", "*.example", "prometheus.example.", "192.0.2.70",
            "spiffe://example/",
        ])
        func aClientWithAnotherNameIsRefused(name: String) async throws {
            let context = try await TLSContext.askingClients(names: [name])
            #expect(try await admitted(by: context) == [])
        }

        @Test func aRefusedClientGetsTheReasonAndNothingIsLogged() async throws {
            let certificates = try await TestCertificates.shared
            let context = try await TLSContext.askingClients(names: ["prometheus.example"])
            let record = ServerRecord()
            try await withServer(tls: { context }, record: record) { server in
                let client = try await TLSClient(server)
                for (identity, alert) in [
                    (nil, "certificate required"), (certificates.foreignClient, "unknown ca"),
                    (certificates.expiredClient, "certificate expired"), (certificates.otherClient, "bad certificate"),
                ] {
                    let outcome = try await client.curl(as: identity)
                    #expect(outcome.output.contains("alert \(alert)"))
                }
                let known = try await client.opensslGet(as: certificates.client).output
                #expect(known.contains("Acceptable client certificate CA names\nCN = client-authority\n"))
            }
            #expect(record.messages == [])
            #expect(record.statuses == [200])
        }

        @Test func aCertificateInTheFileIsTrustedWithoutItsRoot() async throws {
            let certificates = try await TestCertificates.shared
            // The server's authority is an intermediate one, whose root is not in the file.
            let intermediate = "-----BEGIN" + certificates.server.certificate.components(separatedBy: "-----BEGIN")[2]
            let context = try await TLSContext.ofTests {
                $0.clientAuthentication = .requireAndVerifyClientCert
                $0.clientAuthorities = .inline(intermediate + certificates.clientAuthority.certificate)
            }
            #expect(try await admitted(by: context) == [.known, .other])
        }
    }
}
