import HTTP
import HTTPTypes
import Testing

@testable import WebConfiguration

/// `$2y$` of cost 4, made by htpasswd's own way: the password is `wonder`.
let hashOfWonder = "$2y$04$abcdefghijklmnopqrstuuetGRvO6QNMBbbIoo5tpQkbPXg26U9Qu"

func webConfiguration(_ yaml: String) throws -> WebConfiguration {
    try WebConfiguration(yaml: Array(yaml.utf8), directory: "/etc/exporter")
}

@Suite struct WebConfigurationTests {
    @Test(arguments: ["", "\n", "# nothing yet\n", "---\n", "{}", "~"])
    func anEmptyFileRestrictsNothing(yaml: String) throws {
        #expect(try webConfiguration(yaml) == WebConfiguration())
        #expect(try !webConfiguration(yaml).isRestricting)
    }

    @Test func everythingThatMayBeSetIsRead() throws {
        let configuration = try webConfiguration(
            """
            # As an operator writes it.
            tls_server_config:
              cert_file: server.pem
              key_file: /run/keys/server.key
              client_ca_file: clients.pem
              client_auth_type: RequireAndVerifyClientCert
              client_allowed_sans: [prometheus.example.org, '10.0.0.1']
              min_version: TLS12
              max_version: TLS13
              cipher_suites:
                - TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
                - TLS_AES_128_GCM_SHA256
              prefer_server_cipher_suites: no
              curve_preferences: [CurveP256, X25519]
            http_server_config:
              http2: true
              headers:
                Content-Security-Policy: default-src 'self'; img-src *
                X-Frame-Options: deny
                X-XSS-Protection: ""
            basic_auth_users:
              alice: \(hashOfWonder)
              "bob é": \(hashOfWonder)
            rate_limit:
              interval: 1s
              burst: 20
            """
        )
        let tls = try #require(configuration.tls)
        #expect(tls.certificate == .file(path: "/etc/exporter/server.pem"))
        #expect(tls.key == .file(path: "/run/keys/server.key"))
        #expect(tls.clientAuthorities == .file(path: "/etc/exporter/clients.pem"))
        #expect(tls.clientAuthentication == .requireAndVerifyClientCert)
        #expect(tls.allowedClientNames == ["prometheus.example.org", "10.0.0.1"])
        #expect(tls.minimumVersion == .tls12 && tls.maximumVersion == .tls13)
        #expect(tls.cipherSuites == ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"])
        #expect(!tls.prefersServerCipherSuites)
        #expect(tls.curves == ["CurveP256", "X25519"])
        #expect(configuration.asksForHTTP2)
        #expect(
            configuration.headers == [
                .contentSecurityPolicy: "default-src 'self'; img-src *", HTTPField.Name("X-Frame-Options")!: "deny",
            ]
        )
        #expect(configuration.users.keys.map { String(decoding: $0, as: UTF8.self) }.sorted() == ["alice", "bob é"])
        #expect(configuration.rateLimit == RateLimit(interval: .seconds(1), burst: 20))
    }

    @Test func aCertificateMayStandInTheFileItself() throws {
        let tls = try webConfiguration(
            """
            tls_server_config:
              cert: |
                -----BEGIN CERTIFICATE-----
                MIIB
                -----END CERTIFICATE-----
              key: |
                -----BEGIN PRIVATE KEY-----
                MIIE
                -----END PRIVATE KEY-----
            """
        ).tls
        #expect(tls?.certificate == .inline("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
        #expect(tls?.key == .inline("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"))
        #expect(tls?.clientAuthentication == .noClientCert)
    }

    @Test func theToolkitsOldNameOfAPolicyIsTaken() throws {
        let tls = try webConfiguration(
            "tls_server_config: {cert_file: a, key_file: b, client_auth_type: RequireClientCert}"
        ).tls
        #expect(tls?.clientAuthentication == .requireAnyClientCert)
    }

    @Test(arguments: [("1s", 1_000), ("500ms", 500), ("1m30s", 90_000), ("1.5s", 1_500), ("0.001h", 3_600)])
    func anIntervalIsWrittenAsGoWritesIt(text: String, milliseconds: Int) throws {
        let limit = try webConfiguration("rate_limit: {interval: \(text), burst: 1}").rateLimit
        #expect(limit?.interval == .milliseconds(milliseconds))
    }

    @Test(arguments: ["rate_limit: {interval: 0, burst: 20}", "rate_limit: {interval: 0s}", "rate_limit: {burst: 3}"])
    func withoutAnIntervalThereIsNoRateLimit(yaml: String) throws {
        #expect(try webConfiguration(yaml).rateLimit == nil)
    }

    /// A broken configuration, and what its error contains.
    @Test(arguments: [
        ("junk", "line 1, column 1: not a mapping"),
        ("- a", "line 1, column 1: not a mapping"),
        ("[", "not YAML"),
        ("a: b: c", "line 1, column 5: not YAML"),
        ("a: 1\n---\nb: 2", "line 3, column 1: a second document"),
        (
            "basic_auth_user: {}",
            "line 1, column 1: basic_auth_user: there is no such key; there are tls_server_config"
        ),
        ("rate_limit: {}\nrate_limit: {}", "rate_limit: the key is given twice"),
        (
            "basic_auth_users:\n  a: \(hashOfWonder)\n  a: \(hashOfWonder)",
            "line 3, column 3: basic_auth_users.a: the key is given twice"
        ),
        ("? [a]\n: b", "a key is a word"),
        ("rate_limit: &x {interval: 1s}\nhttp_server_config: *x", "line 1, column 13: an anchor"),
        ("rate_limit: *x", "line 1, column 13: not YAML: found undefined alias"),
        ("rate_limit: &x [*x]", "line 1, column 13: an anchor"),
        ("rate_limit: !!set {interval: 1s}", "rate_limit: a tag"),
        ("basic_auth_users: {alice: !!binary aGVsbG8=}", "basic_auth_users.alice: a tag"),
        ("basic_auth_users: {!x alice: \(hashOfWonder)}", "basic_auth_users.alice: a tag"),
        ("http_server_config: {http2: maybe}", "http_server_config.http2: not true or false"),
        ("http_server_config: {http2: 'true'}", "http_server_config.http2: not true or false"),
        ("http_server_config: {headers: {Server: x}}", "http_server_config.headers.Server: there is no such key"),
        ("http_server_config: {headers: {x-frame-options: deny}}", "X-Frame-Options"),
        ("http_server_config: {headers: {X-Frame-Options: allow}}", "not deny or sameorigin"),
        ("http_server_config: {headers: {X-Frame-Options: ''}}", "not deny or sameorigin"),
        ("http_server_config: {headers: {X-Content-Type-Options: sniff}}", "not nosniff"),
        (
            "http_server_config: {headers: {X-XSS-Protection: \"1\\r\\nSet-Cookie: a=b\"}}",
            "not a value of an HTTP field"
        ),
        ("rate_limit: {interval: 1, burst: 1}", "rate_limit.interval: not a duration"),
        ("rate_limit: {interval: -1s, burst: 1}", "rate_limit.interval: not a duration"),
        ("rate_limit: {interval: 999999h, burst: 1}", "rate_limit.interval: not a duration"),
        ("rate_limit: {interval: 1s}", "burst has to be 1 or more"),
        ("rate_limit: {interval: 1s, burst: 0}", "rate_limit.burst: burst has to be 1 or more"),
        ("rate_limit: {interval: 1s, burst: -1}", "rate_limit.burst: not a whole number"),
        ("rate_limit: {interval: 1s, burst: 1.5}", "rate_limit.burst: not a whole number"),
        ("basic_auth_users:", "it holds no user"),
        ("basic_auth_users: {}", "it holds no user"),
        ("basic_auth_users: [alice]", "not a mapping of user names to bcrypt hashes"),
        ("basic_auth_users: {alice: }", "basic_auth_users.alice: not a bcrypt hash"),
        ("basic_auth_users: {alice: wonder}", "basic_auth_users.alice: not a bcrypt hash"),
        ("basic_auth_users: {alice: [wonder]}", "basic_auth_users.alice: not a bcrypt hash"),
        ("basic_auth_users: {'al:ice': \(hashOfWonder)}", "holds a colon"),
        ("basic_auth_users: {\"al\\nice\": \(hashOfWonder)}", "control character"),
        ("tls_server_config:", "cert_file is missing"),
        ("tls_server_config: {min_version: TLS13}", "cert_file is missing"),
        ("tls_server_config: {cert_file: '', key_file: b}", "cert_file is missing"),
        ("tls_server_config: {cert_file: a}", "key_file is missing"),
        ("tls_server_config: {cert_file: a, cert: b, key_file: c}", "tls_server_config.cert: cert_file is set too"),
        ("tls_server_config: {cert_file: a, key_file: b, key: c}", "tls_server_config.key: key_file is set too"),
        ("tls_server_config: {cert_file: \"a\\0b\", key_file: b}", "tls_server_config.cert_file: holds a NUL"),
        ("tls_server_config: {cert_file: [a], key_file: b}", "tls_server_config.cert_file: not a path"),
        (tlsWith("min_version: TLS11"), "TLS11 is no longer served"),
        (tlsWith("min_version: TLS10"), "TLS10 is no longer served"),
        (tlsWith("max_version: TLS111"), "tls_server_config.max_version: not TLS12 or TLS13"),
        (tlsWith("min_version: TLS13, max_version: TLS12"), "min_version: "),
        (
            tlsWith("cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]"),
            "cipher_suites: \"TLS_RSA_WITH_RC4_128_SHA\" is unknown"
        ),
        (tlsWith("cipher_suites: [TLS_AES_128_GCM_SHA256], max_version: TLS12"), "cipher_suites: "),
        (tlsWith("cipher_suites: TLS_AES_128_GCM_SHA256"), "tls_server_config.cipher_suites: not a list of names"),
        (tlsWith("curve_preferences: [CurveP257]"), "curve_preferences: \"CurveP257\" is unknown"),
        (tlsWith("client_auth_type: Require"), "not one of NoClientCert, RequestClientCert"),
        (tlsWith("client_ca_file: c"), "client_auth_type: "),
        (tlsWith("client_auth_type: RequireAndVerifyClientCert"), "client_auth_type: "),
        (tlsWith("client_auth_type: VerifyClientCertIfGiven"), "client_auth_type: "),
        (
            tlsWith("client_ca_file: c, client_auth_type: VerifyClientCertIfGiven, client_allowed_sans: [a]"),
            "client_allowed_sans: "
        ),
        (tlsWith("client_auth_type: RequireAnyClientCert, client_allowed_sans: []"), "it holds no name"),
        (tlsWith("prefer_server_cipher_suites: 1"), "not true or false"),
        (tlsWith("client_sans: [a]"), "tls_server_config.client_sans: there is no such key"),
    ])
    func errorsAreRefusedWithPlaceAndReason(yaml: String, message: String) throws {
        let error = try #require(throws: (any Error).self) {
            if let tls = try webConfiguration(yaml).tls { _ = try TLSContext(tls) }
        }
        #expect("\(error)".contains(message))
    }

    @Test func noMessageHoldsASecret() {
        let secrets = [
            hashOfWonder, "hunter2-in-plain-text", "$2x$04$abcdefghijklmnopqrstuuetGRvO6QNMBbbIoo5tpQkbPXg26U9Qu",
        ]
        let templates = [
            "basic_auth_users: {alice: 'SECRET.'}", "basic_auth_users: {alice: [SECRET]}", "basic_auth_users: SECRET",
            "basic_auth_users: {alice: {SECRET: 1}}", "basic_auth_users: {$2y$SECRET: alice}", "$2aSECRET: 1",
            "basic_auth_users: [SECRET",
            "basic_auth_users: {alice: \"SECRET\\q\"}", "basic_auth_users: {alice: SECRET: x}",
            "tls_server_config: {cert_file: a, key: SECRET, key_file: b}", "tls_server_config: {key: [SECRET]}",
            "tls_server_config: {key: SECRET}", "rate_limit: {interval: SECRET}",
            "tls_server_config: {cert_file: a, key: SECRET, client_auth_type: SECRET}",
        ]
        for (template, secret) in templates.flatMap({ template in secrets.map { (template, $0) } }) {
            let error = #expect(throws: WebConfigurationError.self) {
                try webConfiguration(template.replacing("SECRET", with: secret))
            }
            #expect(error?.description.contains(secret.dropFirst(4)) == false, "\(template)")
        }
    }

    /// Each of these takes a naive reader down: its stack, its memory or its time.
    private static let harmful: [String] = [
        String(repeating: "[", count: 100_000),
        String(repeating: "{a: ", count: 50_000),
        String(repeating: "- ", count: 100_000),
        String(repeating: "? ", count: 100_000),
        stairs(600, separator: "\n"),
        stairs(200, separator: "\u{85}"),
        stairs(200, separator: "\r"),
        "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n? {*c: 1}\n: 1",
        String(repeating: "#", count: 300_000),
        "a: \"\u{0}\"",
    ]

    private static func stairs(_ count: Int, separator: String) -> String {
        (0..<count).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: separator)
    }

    @Test(arguments: harmful)
    func aFileThatIsMadeToHarmIsRefused(yaml: String) {
        #expect(throws: WebConfigurationError.self) { try webConfiguration(yaml) }
    }

    @Test func bytesThatAreNoUTF8AreRefused() {
        let error = #expect(throws: WebConfigurationError.self) {
            try WebConfiguration(yaml: [0x61, 0x3A, 0x20, 0xFF], directory: ".")
        }
        #expect(error?.reason == "the file is not UTF-8")
    }

    @Test func aByteOrderMarkIsSkipped() throws {
        #expect(try webConfiguration("\u{FEFF}basic_auth_users:\n  alice: \(hashOfWonder)\n").userCount == 1)
        #expect(try webConfiguration("\u{FEFF}") == WebConfiguration())
        let error = #expect(throws: WebConfigurationError.self) { try webConfiguration("\u{FEFF}x: 1") }
        #expect(error?.position == .init(line: 1, column: 1))
    }

    @Test func linesMayEndAsWindowsEndsThem() throws {
        let yaml = "basic_auth_users:\r\n  alice: \(hashOfWonder)\r\n"
        #expect(try webConfiguration(yaml).userCount == 1)
        let error = #expect(throws: WebConfigurationError.self) { try webConfiguration(yaml + "x: 1\r\n") }
        #expect(error?.position == .init(line: 3, column: 1))
    }

    @Test func theSummaryNamesTLSAndPasswords() throws {
        #expect(try webConfiguration("").summary == "HTTP without TLS; no passwords")
        #expect(
            try webConfiguration(
                """
                tls_server_config:
                  {cert_file: a, key_file: b, client_ca_file: c, client_auth_type: RequireAndVerifyClientCert}
                basic_auth_users: {alice: \(hashOfWonder), bob: \(hashOfWonder)}
                """
            ).summary == "HTTPS with TLS 1.2 to TLS 1.3; a verified client certificate; passwords (2 users)"
        )
    }
}

private func tlsWith(_ keys: String) -> String {
    "tls_server_config: {cert_file: a, key_file: b, \(keys)}"
}
