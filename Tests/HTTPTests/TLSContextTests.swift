import Foundation
import HTTPTestSupport
import Testing

@testable import HTTP

extension TLSTests {
    /// Settings that are refused, and their errors.
    @Suite struct ContextTests {
        private func complaint(
            _ change: (inout TLSServerConfiguration) -> Void
        ) async throws -> String {
            do {
                _ = try await TLSContext.ofTests(nil, change)
                return "nothing"
            } catch let error as TLSConfigurationError {
                return error.description
            }
        }

        @Test func certificateAndKeyMayBeInFilesOrInline() async throws {
            let directory = try TemporaryDirectory()
            let server = try await TestCertificates.shared.server
            let certificate = TLSServerConfiguration.PEM.file(path: try directory.write(server.certificate, to: "c"))
            let both = TLSServerConfiguration.PEM.file(path: try directory.write(server.both, to: "both"))
            _ = try TLSContext(TLSServerConfiguration(certificate: certificate, key: .inline(server.key)))
            _ = try TLSContext(TLSServerConfiguration(certificate: both, key: both))
        }

        @Test func aFileThatCannotBeReadIsNamed() async throws {
            let directory = try TemporaryDirectory()
            #expect(
                try await complaint { $0.certificate = .file(path: "/nowhere/cert.pem") }
                    == "cert_file /nowhere/cert.pem: No such file or directory"
            )
            #expect(
                try await complaint { $0.key = .file(path: "/nowhere/key.pem") }
                    == "key_file /nowhere/key.pem: No such file or directory"
            )
            let folder = directory.url.path
            let complaint = try await complaint { $0.certificate = .file(path: folder) }
            #expect(complaint.hasPrefix("cert_file \(folder): "))
        }

        @Test func whatIsNotInPEMIsRefused() async throws {
            #expect(
                try await complaint { $0.certificate = .inline("rubbish") }
                    == "cert (inline): holds no certificate; it has to be in PEM, with a line \"-----BEGIN CERTIFICATE-----\""
            )
            let certificates = try await TestCertificates.shared
            for key in ["", certificates.server.certificate, String(certificates.server.key.dropFirst(100))] {
                #expect(
                    try await complaint { $0.key = .inline(key) }
                        == "key (inline): holds no private key that can be read; "
                        + "it has to be in PEM, whole, with a line \"-----BEGIN PRIVATE KEY-----\""
                )
            }
            let keyAlone = try await complaint { $0.certificate = .inline(certificates.server.key) }
            #expect(keyAlone.hasPrefix("cert (inline): holds no certificate"))
            let noAuthority = try await complaint {
                $0.clientAuthentication = .requireAndVerifyClientCert
                $0.clientAuthorities = .inline("# none yet\n")
            }
            #expect(noAuthority.hasPrefix("client_ca (inline): holds no certificate"))
        }

        @Test func theNumberOfADamagedCertificateIsInTheError() async throws {
            let certificates = try await TestCertificates.shared
            var damaged = certificates.clientAuthority.certificate.split(separator: "\n")
            damaged[3] = damaged[3].dropLast(4) + "????"
            let text = certificates.server.certificate + damaged.joined(separator: "\n") + "\n"
            let complaint = try await complaint { $0.certificate = .inline(text) }
            #expect(complaint.hasPrefix("cert (inline): certificate 3 in it cannot be read ("))
        }

        @Test func theKeyHasToBeTheCertificates() async throws {
            let other = try await TestCertificates.shared.client.key
            #expect(
                try await complaint { $0.key = .inline(other) }
                    == "key (inline): is not the key of the first certificate in cert (inline) (key values mismatch); "
                    + "both have to be of one pair"
            )
        }

        @Test func aKeyWithAPassphraseIsRefusedWithoutAPrompt() async throws {
            let command = ["openssl", "genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", "pass:secret"]
            let key = try await TestProgram.run(command).output
            #expect(
                try await complaint { $0.key = .inline(key) }
                    == "key (inline): the private key is encrypted; it has to be one without a passphrase"
            )
        }

        @Test func suitesThatGoCountsAsInsecureAreRefused() async throws {
            for suite in ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_RC4_128_SHA", "ECDHE-RSA-AES128-SHA", ""]
            {
                let complaint = try await complaint { $0.cipherSuites = [suite] }
                #expect(complaint.hasPrefix("cipher_suites: \"\(suite)\" is unknown or insecure; it has to be one of"))
            }
        }

        @Test func everySuiteThatGoCountsAsSecureIsServed() async throws {
            let kinds = [
                "AES_128_CBC_SHA", "AES_256_CBC_SHA", "AES_128_GCM_SHA256", "AES_256_GCM_SHA384",
                "CHACHA20_POLY1305_SHA256",
            ]
            let suites = ["RSA", "ECDSA"].flatMap { key in kinds.map { "TLS_ECDHE_\(key)_WITH_\($0)" } }
            for suite in suites + ["TLS_CHACHA20_POLY1305_SHA256"] {
                #expect(try await complaint { $0.cipherSuites = [suite] } == "nothing")
            }
        }

        @Test func aVersionWithoutAnySuiteIsRefused() async throws {
            let complaint = try await complaint {
                $0.cipherSuites = ["TLS_AES_128_GCM_SHA256"]
                $0.maximumVersion = .tls12
            }
            #expect(
                complaint.hasPrefix("cipher_suites: holds no suite of TLS 1.2, and max_version is TLS12; it has to")
            )
        }

        @Test func aCurveMayBeNamedTwice() async throws {
            #expect(try await complaint { $0.curves = ["X25519", "CurveP256", "X25519"] } == "nothing")
        }

        @Test func anUnknownCurveIsRefused() async throws {
            #expect(
                try await complaint { $0.curves = ["X25519", "secp256k1"] }
                    == "curve_preferences: \"secp256k1\" is unknown; "
                    + "it has to be one of CurveP256, CurveP384, CurveP521, X25519"
            )
        }

        @Test func theOldestVersionMayNotBeNewerThanTheNewest() async throws {
            let complaint = try await complaint {
                $0.minimumVersion = .tls13
                $0.maximumVersion = .tls12
            }
            #expect(complaint == "min_version: TLS13 is above max_version, TLS12; it has to be that or less")
        }

        @Test func settingsThatProtectNothingAreRefused() async throws {
            let authority = try await TestCertificates.shared.clientAuthority.certificate
            let unused = try await complaint { $0.clientAuthorities = .inline(authority) }
            #expect(
                unused.hasPrefix(
                    "client_auth_type: a client CA is configured, but clients are not asked for a certificate"
                )
            )
            for type in [
                TLSServerConfiguration.ClientAuthentication.verifyClientCertIfGiven, .requireAndVerifyClientCert,
            ] {
                let complaint = try await complaint { $0.clientAuthentication = type }
                #expect(complaint.hasPrefix("client_auth_type: \(type.rawValue) needs a client CA to verify against"))
            }
            for type in TLSServerConfiguration.ClientAuthentication.allCases where type != .requireAndVerifyClientCert {
                let complaint = try await complaint {
                    $0.clientAuthentication = type
                    if type != .noClientCert { $0.clientAuthorities = .inline(authority) }
                    $0.allowedClientNames = ["prometheus.example"]
                }
                #expect(
                    complaint.hasPrefix("client_allowed_sans: with \(type.rawValue) a client may give no certificate")
                )
            }
        }
    }
}
