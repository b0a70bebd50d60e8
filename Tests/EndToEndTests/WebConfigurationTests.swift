import Foundation
import Testing

extension EndToEndTests {
    /// `--web.config.file`: who gets in, over what, and what a change of the file does.
    @Suite struct WebConfigurationTests {
        private static let users = "basic_auth_users:\n  alice: \(WebConfigurationFixture.hashOfWonder)\n"
        private static let otherUsers = "basic_auth_users:\n  alice: \(WebConfigurationFixture.hashOfBuilder)\n"
        private static let pages = [
            "/metrics", "/", "/help", "/-/healthy", "/-/ready", "/nothing", "/metrics?collect[]=host",
        ]

        @Test func everyPageAsksForThePassword() async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let configuration = try WebConfigurationFixture(Self.users, in: testbed.directory)
                let exporter = try await testbed.startExporter("--libvirt.uri=test:///default", configuration.flag)
                for page in Self.pages {
                    let refused = try await exporter.get(page)
                    #expect(refused.status == 401)
                    #expect(refused.fields["www-authenticate"]?.hasPrefix("Basic realm=") == true)
                    #expect(!refused.text.contains("libvirt_"))
                    for (user, password) in [("alice", ""), ("alice", "builder"), ("bob", "wonder"), ("", "wonder")] {
                        #expect(try await exporter.get(page, fields: authorization(user, password)).status == 401)
                    }
                    let answered = try await exporter.get(page, fields: authorization("alice", "wonder"))
                    #expect(answered.status == (page == "/nothing" ? 404 : 200))
                }
                // What the server refuses by itself needs no password, and tells nothing.
                #expect(try await exporter.get("/metrics", fields: ["Content-Length": "1"]).status == 413)
                let log = try exporter.process.outputSoFar()
                #expect(!log.contains("wonder") && !log.contains("$2y$"))
                #expect(log.contains("a password (1 user)"))
            }
        }

        @Test func aChangeOfTheFileTakesEffectAndABrokenFileChangesNothing() async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let configuration = try WebConfigurationFixture(Self.users, in: testbed.directory)
                let exporter = try await testbed.startExporter("--libvirt.uri=test:///default", configuration.flag)
                @Sendable func status(_ password: String?) async throws -> Int {
                    let fields = password.map { authorization("alice", $0) } ?? [:]
                    return try await exporter.get("/metrics", fields: fields).status
                }
                #expect(try await status("wonder") == 200)
                #expect(try await status("builder") == 401)

                try configuration.replace(by: Self.otherUsers)
                try await eventually(within: .seconds(10)) {
                    try require(try await status("builder") == 200, "the new password is right")
                }
                #expect(try await status("wonder") == 401)

                for broken in [
                    "basic_auth_users: {alice: hunter2}", "", "tls_server_config: {cert_file: /nowhere}", "[",
                ] {
                    let count = try lines(of: exporter, with: "level=error")
                    try configuration.replace(by: broken)
                    try await eventually(within: .seconds(10)) {
                        // The files are looked at when a request comes.
                        #expect(try await status(nil) == 401)
                        try require(try lines(of: exporter, with: "level=error") == count + 1, "logged: \(broken)")
                    }
                    #expect(try await status(nil) == 401)
                    #expect(try await status("wonder") == 401)
                    #expect(try await status("builder") == 200)
                }
                try FileManager.default.removeItem(at: configuration.file)
                try await eventually(within: .seconds(10)) {
                    #expect(try await status(nil) == 401)
                    try require(try exporter.process.outputSoFar().contains("No such file"), "logged: it is gone")
                }
                #expect(try await status(nil) == 401)
                #expect(try await status("builder") == 200)
                // Nothing is logged again while it stays so.
                let errors = try lines(of: exporter, with: "level=error")
                for _ in 0..<3 {
                    try await Task.sleep(for: .seconds(1))
                    #expect(try await status(nil) == 401)
                }
                #expect(try lines(of: exporter, with: "level=error") == errors && errors == 5)

                try configuration.replace(by: "{}")
                try await eventually(within: .seconds(10)) {
                    try require(try await status(nil) == 200, "the restriction is lifted in so many words")
                }
                #expect(try !exporter.process.outputSoFar().contains("hunter2"))
            }
        }

        @Test(arguments: [
            ("basic_auth_users: {alice: hunter2}", "basic_auth_users.alice: not a bcrypt hash"),
            ("tls_server_config: {cert_file: none.pem, key_file: none.key}", "none.pem: No such file"),
            ("rate_limits: {}", "there is no such key"),
        ])
        func aBrokenFileIsNoBeginning(yaml: String, reason: String) async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let configuration = try WebConfigurationFixture(yaml, in: testbed.directory)
                let outcome = try await ChildProcess.outcome(
                    of: [
                        TestbedFiles.exporter.path, "--libvirt.uri=test:///default", "--web.listen-address=127.0.0.1:0",
                        configuration.flag,
                    ]
                )
                let log = String(decoding: outcome.errors, as: UTF8.self)
                #expect(outcome.status == 1)
                #expect(log.contains("level=error") && log.contains(reason))
                #expect(log.split(separator: "\n").count == 1)
                #expect(!log.contains("hunter2"))
            }
        }

        /// What promtool and this exporter say of a file; where they differ, the reason stands beside it and in
        /// docs/web-configuration.md.
        @Test func promtoolAgreesButForWhatProtectsNobody() async throws {
            let hash = WebConfigurationFixture.hashOfWonder
            let tls = "cert_file: ca/server.pem, key_file: ca/server.key"
            let table: [(yaml: String, isGood: Bool, promtool: Bool)] = [
                ("", true, true),
                ("{}", true, true),
                ("basic_auth_users: {alice: \(hash)}", true, true),
                // Debian's promtool is too old to know it.
                ("rate_limit: {interval: 1s, burst: 20}", true, false),
                ("http_server_config: {http2: false, headers: {X-Frame-Options: deny}}", true, true),
                ("tls_server_config: {\(tls)}", true, true),
                ("tls_server_config: {\(tls), min_version: TLS13, max_version: TLS13}", true, true),
                ("tls_server_config: {\(tls), cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}", true, true),
                ("tls_server_config: {\(tls), curve_preferences: [X25519, CurveP256]}", true, true),
                (
                    "tls_server_config: {\(tls), client_ca_file: ca/ca.pem, client_auth_type: RequireAndVerifyClientCert}",
                    true, true
                ),
                ("junk", false, false),
                ("unknown: 1", false, false),
                ("rate_limit: {}\nrate_limit: {}", false, false),
                ("basic_auth_users: [alice]", false, false),
                ("basic_auth_users: {alice: wonder}", false, false),
                ("basic_auth_users: {alice: \(hash.prefix(40))}", false, false),
                ("basic_auth_users: {alice: \(hash.replacing("$10$", with: "$32$"))}", false, false),
                ("http_server_config: {headers: {Server: x}}", false, false),
                ("http_server_config: {headers: {X-Frame-Options: allow}}", false, false),
                ("tls_server_config: {cert_file: ca/server.pem}", false, false),
                ("tls_server_config: {cert_file: ca/none.pem, key_file: ca/server.key}", false, false),
                ("tls_server_config: {cert_file: ca/server.pem, key_file: ca/ca.key}", false, false),
                ("tls_server_config: {\(tls), min_version: TLS9}", false, false),
                ("tls_server_config: {\(tls), cipher_suites: [TLS_INVENTED]}", false, false),
                ("tls_server_config: {\(tls), curve_preferences: [CurveP257]}", false, false),
                ("tls_server_config: {\(tls), client_auth_type: Require}", false, false),
                ("tls_server_config: {\(tls), client_ca_file: ca/ca.pem}", false, false),
                ("http_server_config: {headers: {X-Frame-Options: ''}}", false, false),
                // Nobody would be asked for anything, though the file reads as if.
                ("basic_auth_users:", false, true),
                ("tls_server_config: {min_version: TLS13}", false, true),
                // Any public authority's certificate would do.
                ("tls_server_config: {\(tls), client_auth_type: RequireAndVerifyClientCert}", false, true),
                // Versions that are not served any more.
                ("tls_server_config: {\(tls), min_version: TLS10}", false, true),
                // One check would take minutes.
                ("basic_auth_users: {alice: \(hash.replacing("$10$", with: "$20$"))}", false, true),
                // A flawed kind of hash, or none that could ever match.
                ("basic_auth_users: {alice: \(hash.replacing("$2y$", with: "$2x$"))}", false, true),
                ("basic_auth_users: {alice: \(hash.dropLast(2))==}", false, true),
                ("basic_auth_users: {'al:ice': \(hash)}", false, true),
                // What is repeated could be a billion lines.
                ("basic_auth_users: {alice: &x \(hash), bob: *x}", false, true),
                ("http_server_config: &x {http2: false}", true, true),
            ]
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let certificates = try await Certificates(directory: testbed.directory.appending(path: "ca"))
                try await certificates.make("server", for: "IP:127.0.0.1")
                for row in table {
                    let configuration = try WebConfigurationFixture(row.yaml, in: testbed.directory)
                    let ours = try await ChildProcess.outcome(
                        of: [TestbedFiles.exporter.path, "check-web-config", configuration.file.path]
                    )
                    let theirs = try await ChildProcess.outcome(
                        of: TestbedFiles.program("promtool") + ["check", "web-config", configuration.file.path]
                    )
                    #expect(ours.status == (row.isGood ? 0 : 1), "\(row.yaml)")
                    #expect((theirs.status == 0) == row.promtool, "\(row.yaml)")
                    let said = String(decoding: ours.output + ours.errors, as: UTF8.self)
                    #expect(said.contains(configuration.file.path), "\(said)")
                    #expect(!said.contains(hash.dropFirst(10)))
                }
            }
        }

        @Test func theExampleIsGoodOnceAHashStandsInItAndNotBefore() async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let example = TestbedFiles.scripts.deletingLastPathComponent().deletingLastPathComponent()
                    .appending(components: "deploy", "web", "web-config.yml")
                let yaml = try String(contentsOf: example, encoding: .utf8)
                let certificates = try await Certificates(directory: testbed.directory)
                try await certificates.make("exporter", for: "IP:127.0.0.1")
                try FileManager.default.copyItem(
                    atPath: certificates.path("ca.pem"),
                    toPath: certificates.path("prometheus-ca.pem")
                )
                func check() async throws -> ChildProcess.Outcome {
                    try await ChildProcess.outcome(
                        of: [
                            TestbedFiles.exporter.path, "check-web-config",
                            testbed.directory.appending(path: "web.yml").path,
                        ]
                    )
                }
                let configuration = try WebConfigurationFixture(yaml, in: testbed.directory)
                let refused = try await check()
                #expect(refused.status == 1)
                #expect(String(decoding: refused.errors, as: UTF8.self).contains("prometheus: not a bcrypt hash"))
                try configuration.replace(
                    by: yaml.replacing("put the hash here", with: WebConfigurationFixture.hashOfWonder)
                )
                let good = try await check()
                #expect(good.status == 0)
                let summary = String(decoding: good.output, as: UTF8.self)
                #expect(
                    summary.hasSuffix(
                        ": HTTPS with TLS 1.3; a verified client certificate for prometheus.example.org; a password (1 user)\n"
                    )
                )
            }
        }

        @Test func aCheckWarnsOfAnExpiredCertificateAndEndsWell() async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let certificates = try await Certificates(directory: testbed.directory)
                try await certificates.make("server", for: "IP:127.0.0.1")
                let configuration = try WebConfigurationFixture(
                    "tls_server_config: {cert_file: server.pem, key_file: server.key}",
                    in: testbed.directory
                )
                let check = [TestbedFiles.exporter.path, "check-web-config", configuration.file.path]
                let good = try await ChildProcess.outcome(of: check)
                #expect(good.status == 0 && good.errors.isEmpty)

                try await certificates.expire("server")
                let outcome = try await ChildProcess.outcome(of: check)
                #expect(outcome.status == 0 && outcome.output == good.output)
                let said = String(decoding: outcome.errors, as: UTF8.self)
                #expect(said.contains("the server's certificate has expired") && said.contains("expired=20"), "\(said)")
            }
        }

        @Test func aFloodOfWrongPasswordsDelaysNobodyElse() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                let configuration = try WebConfigurationFixture(Self.users, in: testbed.directory)
                let exporter = try await testbed.startExporter(configuration.flag)
                // In the cache before the flood, as a Prometheus' is.
                try await eventually(within: .seconds(10)) {
                    let response = try await exporter.get("/metrics", fields: authorization("alice", "wonder"))
                    try require(response.text.contains(guest.uuid), "the guest is known")
                }

                let flood = PasswordFlood(port: exporter.port)
                try await flood.running {
                    try await Task.sleep(for: .seconds(1))
                    // From the flood's own address, each within a Prometheus' timeout at its shortest.
                    for _ in 0..<10 {
                        for page in ["/metrics", "/-/healthy"] {
                            let response = try await exporter.get(page, fields: authorization("alice", "wonder"))
                            #expect(response.status == 200)
                            #expect(response.duration < .seconds(5))
                        }
                        try await Task.sleep(for: .milliseconds(400))
                    }
                }
                let statuses = flood.statuses
                #expect(Set(statuses.keys).isSubset(of: [401, 503]), "\(statuses)")
                // More than could have been checked, so most were not.
                #expect(statuses[503, default: 0] > statuses[401, default: 0], "\(statuses)")
            }
        }

        @Test func theRateLimitIsKept() async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let configuration = try WebConfigurationFixture(
                    Self.users + "rate_limit: {interval: 1h, burst: 3}",
                    in: testbed.directory
                )
                let exporter = try await testbed.startExporter("--libvirt.uri=test:///default", configuration.flag)
                #expect(try await exporter.get("/metrics").status == 401)
                #expect(try await exporter.get("/metrics", fields: authorization("alice", "wonder")).status == 200)
                #expect(try await exporter.get("/metrics").status == 401)
                let refused = try await exporter.get("/metrics", fields: authorization("alice", "wonder"))
                #expect(refused.status == 429)
                #expect(refused.fields["retry-after"] != nil)
            }
        }

        @Test func prometheusScrapesWithAPassword() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                let configuration = try WebConfigurationFixture(Self.users, in: testbed.directory)
                let exporter = try await testbed.startExporter(configuration.flag)
                let prometheus = try await testbed.startPrometheus(
                    configuration: """
                        global: {scrape_interval: 1s, scrape_timeout: 1s}
                        scrape_configs:
                          - job_name: right
                            basic_auth: {username: alice, password: wonder}
                            static_configs: [{targets: ['127.0.0.1:\(exporter.port)']}]
                          - job_name: wrong
                            basic_auth: {username: alice, password: builder}
                            static_configs: [{targets: ['127.0.0.1:\(exporter.port)']}]
                        """
                )
                try await eventually(within: .seconds(20)) {
                    try require(try await prometheus.up() == ["right": 1, "wrong": 0], "one gets in")
                    let domains = try await prometheus.query("libvirt_domain_info").map { $0.labels["domain"] }
                    try require(domains == [guest.name], "the guest is found")
                }
                try configuration.replace(by: Self.otherUsers)
                try await eventually(within: .seconds(20)) {
                    try require(
                        try await prometheus.up() == ["right": 0, "wrong": 1],
                        "the other gets in"
                    )
                }
            }
        }

        @Test func prometheusScrapesWithClientCertificatesThatAreReplaced() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                var generations: [Certificates] = []
                for name in ["old", "new"] {
                    let generation = try await Certificates(directory: testbed.directory.appending(path: name))
                    for server in ["server", "prometheus", "stranger"] {
                        try await generation.make(server, for: "DNS:\(server),IP:127.0.0.1")
                    }
                    generations.append(generation)
                }
                let (old, new) = (generations[0], generations[1])
                let inUse = testbed.directory.appending(path: "tls")
                try FileManager.default.createDirectory(at: inUse, withIntermediateDirectories: false)
                func use(_ certificates: Certificates) throws {
                    for name in ["server.pem", "server.key", "ca.pem"] {
                        let copy = inUse.appending(path: "\(name).new")
                        try FileManager.default.copyItem(atPath: certificates.path(name), toPath: copy.path)
                        guard rename(copy.path, inUse.appending(path: name).path) == 0 else {
                            throw TestbedError("could not rename \(copy.path)")
                        }
                    }
                }
                try use(old)
                let configuration = try WebConfigurationFixture(
                    Self.users + """
                        tls_server_config:
                          cert_file: tls/server.pem
                          key_file: tls/server.key
                          client_ca_file: tls/ca.pem
                          client_auth_type: RequireAndVerifyClientCert
                          client_allowed_sans: [prometheus]
                        """,
                    in: testbed.directory
                )
                let exporter = try await testbed.startExporter(configuration.flag)
                let prometheus = try await testbed.startPrometheus(
                    configuration: """
                        global: {scrape_interval: 1s, scrape_timeout: 1s}
                        scrape_configs:
                          - {job_name: old, \(Self.job(exporter.port, old))}
                          - {job_name: new, \(Self.job(exporter.port, new))}
                        """
                )
                try await eventually(within: .seconds(20)) {
                    try require(try await prometheus.up() == ["old": 1, "new": 0], "the old one gets in")
                    let domains = try await prometheus.query("libvirt_domain_info").map { $0.labels["domain"] }
                    try require(domains == [guest.name], "the guest is found")
                }
                // curl needs both as well: a certificate, and the password.
                let identity = ["--cert", old.path("prometheus.pem"), "--key", old.path("prometheus.key")]
                #expect(try await Self.curl(exporter.port, old, identity + ["--user", "alice:wonder"]) == "200")
                #expect(try await Self.curl(exporter.port, old, identity + ["--user", "alice:builder"]) == "401")
                #expect(try await Self.curl(exporter.port, old, identity) == "401")
                #expect(try await Self.curl(exporter.port, old, ["--user", "alice:wonder"]) == "000")
                let strangers = ["--cert", old.path("stranger.pem"), "--key", old.path("stranger.key")]
                #expect(try await Self.curl(exporter.port, old, strangers + ["--user", "alice:wonder"]) == "000")
                // Without TLS there is nothing to be had.
                #expect(try await exporter.get("/metrics", fields: authorization("alice", "wonder")).status == 400)

                try use(new)
                try await eventually(within: .seconds(20)) {
                    try require(try await prometheus.up() == ["old": 0, "new": 1], "the new one gets in")
                }
                #expect(try await Self.curl(exporter.port, new, identity + ["--user", "alice:wonder"]) == "000")
            }
        }

        /// The part of a scrape configuration that speaks for a client of this authority.
        private static func job(_ port: UInt16, _ certificates: Certificates) -> String {
            """
            scheme: https, basic_auth: {username: alice, password: wonder}, \
            tls_config: {ca_file: \(certificates.path("ca.pem")), \
            cert_file: \(certificates.path("prometheus.pem")), key_file: \(certificates.path("prometheus.key"))}, \
            static_configs: [{targets: ['127.0.0.1:\(port)']}]
            """
        }

        /// The status that curl gets, 000 for none.
        private static func curl(
            _ port: UInt16,
            _ certificates: Certificates,
            _ options: [String]
        ) async throws -> String {
            let outcome = try await ChildProcess.outcome(
                of: [
                    "/usr/bin/curl", "--silent", "--max-time", "10", "--output", "/dev/null", "--write-out",
                    "%{http_code}",
                    "--cacert", certificates.path("ca.pem"),
                ] + options + ["https://127.0.0.1:\(port)/metrics"]
            )
            return String(decoding: outcome.output, as: UTF8.self)
        }

        private func lines(of exporter: ExporterProcess, with text: String) throws -> Int {
            try exporter.process.outputSoFar().split(separator: "\n").filter { $0.contains(text) }.count
        }
    }
}
