import Foundation
import Testing

/// The dashboards of grafana/, without a Grafana.
@Suite struct DashboardTests {
    @Test func theyAreWhatTheirScriptWrites() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "dashboards-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        let script = Dashboard.directory.appending(path: "make_dashboards.py")
        _ = try await ChildProcess.run(["/usr/bin/env", "python3", script.path, directory.path])
        for name in ["fleet", "guest"] {
            let written = try String(contentsOf: directory.appending(path: "\(name).json"), encoding: .utf8)
            let committed = try Dashboard.json(name)
            #expect(written == committed, "run grafana/make_dashboards.py to make \(name).json anew")
        }
    }

    @Test(arguments: [("fleet", "guest"), ("guest", "fleet")])
    func theyKeepTheRulesOfDashboards(name: String, other: String) throws {
        let other = try Dashboard(json: Dashboard.json(other))
        let complaints = try Dashboard.complaints(ofJSON: Dashboard.json(name), linkingTo: other)
        #expect(complaints.isEmpty, "\(complaints)")
    }

    /// The rules that the test before rests on.
    @Test(arguments: [
        (#""editable": false"#, #""editable": true"#, "it can be edited"),
        (#""uid": "libvirt-guest-memory-fleet""#, #""uid": """#, "its uid is no uid"),
        (#""uid": "libvirt-guest"#, #""__inputs": [], "uid": "libvirt-guest"#, "the dashboard has __inputs"),
        (#""type": "stat""#, #""id": 1, "type": "stat""#, "Running guests has an id"),
        (#""name": "job""#, #""name": "task""#, "its variables are not"),
        (#""query": "prometheus""#, #""query": "loki""#, "its first variable is no Prometheus"),
        (#""refresh": 2"#, #""refresh": 1"#, "job does not follow the time range"),
        (#""uid": "${datasource}""#, #""uid": "mine""#, "has a fixed source"),
        (#""keepTime": true"#, #""keepTime": false"#, "no link leads to libvirt-guest-memory-guest"),
        ("/d/libvirt-guest-memory-guest?", "/d/elsewhere?", "a link leads to elsewhere"),
        ("&var-uuid=", "&var-guest=", "a link sets guest"),
        (#""y": 0"#, #""y": 1"#, "lies upon"),
        (#""w": 24"#, #""w": 25"#, "is outside of the grid"),
        (#""title": "Statuses now""#, #""title": "Paused guests""#, "two panels have the same title"),
        (#""title": "Paused guests""#, #""title": """#, "has no title"),
        (#""unit": "none""#, #""unit": """#, "Running guests has no unit"),
        (#""refId": "B""#, #""refId": "A""#, "has two queries of one name"),
        ("sum(libvirt_domain_state{", "vector(1) # {", "asks for no metric of the exporter"),
        (#"sum(libvirt_domain_state{job=~\"$job\", "#, "sum(libvirt_domain_state{", "does not match job"),
        (#"instance=~\"$instance\""#, #"instance=\"here\""#, "does not match instance"),
        ("[$__rate_interval]", "[5m]", "takes rates over 5m"),
        ("rate(libvirt_exporter", "(libvirt_exporter", "shows a counter without its rate"),
        ("instance:libvirt_exporter:seen{", "instance:libvirt_exporter:seen # {", "does not match job"),
        ("/runbooks/LibvirtDown.md", "/runbooks/Libvirt.md", "a link leads to no runbook: Libvirt"),
    ])
    func whatBreaksARuleIsFound(part: String, broken: String, complaint: String) throws {
        let json = try Dashboard.json("fleet")
        let range = try #require(json.range(of: part))
        let complaints = try Dashboard.complaints(
            ofJSON: json.replacingCharacters(in: range, with: broken),
            linkingTo: Dashboard(json: Dashboard.json("guest"))
        )
        #expect(complaints.contains { $0.contains(complaint) }, "\(complaints)")
    }

    /// promtool runs these queries on made-up series.
    @Test func theirUnitTestsAreOfTheirOwnQueries() throws {
        let file = PrometheusRules.directory.appending(path: "tests/dashboards.test.yml")
        let tests = Self.words(of: try String(contentsOf: file, encoding: .utf8))
        let chosen = ["job": ".+", "instance": ".+", "domains": ".*", "uuid": "u-windows"]
        for (name, title) in [
            ("fleet", "Silent hosts"), ("fleet", "Guests with the least memory left"),
            ("fleet", "Guests that swap the most"), ("fleet", "Memory of the guests"), ("fleet", "Statuses over time"),
            ("guest", "Usable"),
        ] {
            let panel = try #require(try Dashboard(json: Dashboard.json(name)).panels.first { $0.title == title })
            let query = try #require(try panel.targets?.first?.query(chosen))
            #expect(tests.contains(Self.words(of: query)), "\(title)")
        }
    }

    /// The text with a space for each run of spaces and line ends.
    private static func words(of text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

extension EndToEndTests {
    /// The queries of the dashboards, asked of a real Prometheus that scrapes guests in all sorts of trouble.
    @Suite struct DashboardQueryTests {
        /// Metrics that the guests of this test do not have.
        static let missing = [
            "libvirt_domain_memory_limit_bytes": "the testbed's libvirtd has no control groups to limit memory by",
            "libvirt_domain_memory_device_": "no guest has a memory device that can grow",
            "libvirt_domain_memory_failures_total": "no memory of this host is broken",
            "libvirt_exporter_libvirt_errors_total": "no call of libvirt fails",
            "libvirt_domain_libvirt_busy_seconds": "libvirt itself is at work on no domain",
        ]

        @Test func eachQueryOfEachPanelHasAResult() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "of-nova"),
                    GuestSpecification(name: "unknown-to-nova"),
                    GuestSpecification(name: "without-driver", hasDriver: false),
                    GuestSpecification(name: "without-period", balloon: .virtio(period: nil)),
                    GuestSpecification(name: "paused", hasSystem: false),
                    GuestSpecification(name: "frozen", hasSystem: false)
                )
                let exporter = try await testbed.startExporter("--memory-stats.period=0")
                let prometheus = try await testbed.startPrometheus(scraping: exporter)
                try await describeAsNova(guests[0], name: "web-1", project: "shop")
                try await guests[5].freeze()

                let fleet = try Dashboard(json: Dashboard.json("fleet"))
                let guest = try Dashboard(json: Dashboard.json("guest"))
                let all = ["job": ".+", "instance": ".+"]
                let chosen = ["job": "libvirt", "instance": #"127\\.0\\.0\\.1:\#(exporter.port)"#]
                // Three periods of two seconds each, and the longest that a guest without a period is new.
                try await eventually(within: .seconds(60)) {
                    for hosts in [all, chosen] {
                        let ofFleet = hosts.merging(["domains": ".*"]) { $1 }
                        let ofGuest = hosts.merging(["uuid": guests[0].uuid]) { $1 }
                        try await requireResults(of: fleet, ofFleet, prometheus)
                        try await requireResults(of: guest, ofGuest, prometheus)
                        try await requireEachGuestInItsTable(of: fleet, ofFleet, prometheus)
                    }
                }
                // A guest in trouble has fewer figures, and no query fails of it.
                for other in guests.dropFirst() {
                    let values = all.merging(["uuid": other.uuid]) { $1 }
                    for target in guest.panels.flatMap({ $0.targets ?? [] }) {
                        _ = try await prometheus.query(try target.query(values.withRateInterval))
                    }
                }
            }
        }

        @Test func eachMetricThatMayBeMissingIsAskedFor() throws {
            let queries = try ["fleet", "guest"].map { try Dashboard.json($0) }.joined()
            for metric in Self.missing.keys {
                #expect(queries.contains(metric), "\(metric)")
            }
        }

        private func requireResults(
            of dashboard: Dashboard,
            _ values: [String: String],
            _ prometheus: PrometheusServer
        ) async throws {
            for panel in dashboard.panels {
                for target in panel.targets ?? []
                where !Self.missing.keys.contains(where: { target.expr.contains($0) }) {
                    let result = try await prometheus.query(try target.query(values.withRateInterval))
                    try require(!result.isEmpty, "\(panel.title), \(target.refId), has a result: \(target.expr)")
                }
            }
        }

        /// The joins with nova's names lose no guest, and each guest without figures comes with its reason.
        private func requireEachGuestInItsTable(
            of fleet: Dashboard,
            _ values: [String: String],
            _ prometheus: PrometheusServer
        ) async throws {
            func rows(_ title: String, label: String) async throws -> [String: String?] {
                let panel = try present(fleet.panels.first { $0.title == title }, title)
                let target = try present(panel.targets?.first, "query of \(title)")
                let samples = try await prometheus.query(try target.query(values.withRateInterval))
                return Dictionary(uniqueKeysWithValues: samples.map { ($0.labels["domain"] ?? "", $0.labels[label]) })
            }
            let shortest = try await rows("Guests with the least memory left", label: "instance_name")
            try require(shortest == ["of-nova": "web-1", "unknown-to-nova": nil], "these have figures: \(shortest)")
            let silent = try await rows("Guests without fresh figures, and why", label: "status")
            try require(
                silent == ["without-driver": "no_driver", "without-period": "no_period", "frozen": "unresponsive"],
                "these have none: \(silent)"
            )
        }

        private func describeAsNova(_ guest: Guest, name: String, project: String) async throws {
            let instance = """
                <instance>
                  <name>\(name)</name>
                  <flavor name='m1.tiny'><memory>128</memory><vcpus>1</vcpus></flavor>
                  <owner><user uuid='1'>alice</user><project uuid='2'>\(project)</project></owner>
                </instance>
                """
            let namespace = "http://openstack.org/xmlns/libvirt/nova/1.1"
            try await guest.libvirtd.virsh(
                "metadata",
                guest.uuid,
                "--live",
                "--uri",
                namespace,
                "--key",
                "nova",
                "--set",
                instance
            )
        }
    }
}

extension [String: String] {
    /// With what Grafana makes of `$__rate_interval`: at least four scrapes, and here more, since this machine is busy.
    fileprivate var withRateInterval: [String: String] { merging(["__rate_interval": "15s"]) { $1 } }
}
