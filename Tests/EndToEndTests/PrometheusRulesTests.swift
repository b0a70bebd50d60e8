import Foundation
import Testing

/// The rules, alerts and examples of `deploy/prometheus`, as Prometheus' own tools read them.
///
/// `PROMTOOL=/path/to/promtool` has another release of promtool check and test the rules. One after another: each of
/// these programs could keep all processors busy, and other suites run beside this one.
@Suite(.serialized, .timeLimit(.minutes(2)))
struct PrometheusRulesTests {
    @Test(arguments: try PrometheusRules.all())
    func promtoolFindsNothingWrongWithTheRules(file: URL) async throws {
        try await promtool("check", "rules", "--lint-fatal", file.path)
    }

    @Test(arguments: try PrometheusRules.files(in: "tests"))
    func rulesDoWhatTheirUnitTestsSay(file: URL) async throws {
        try await promtool("test", "rules", file.path)
    }

    @Test func eachAlertSaysWhatToDo() async throws {
        for alert in try await rules().filter({ $0.type == "alerting" }) {
            let annotations = try #require(alert.annotations, "\(alert.name)")
            #expect(
                Set(annotations.keys) == ["summary", "description", "dashboard_url", "runbook_url"],
                "\(alert.name)"
            )
            #expect(["info", "warning", "critical"].contains(alert.labels?["severity"]), "\(alert.name)")
            #expect(try #require(alert.duration) >= 5 * 60, "\(alert.name) may fire for a hiccup")
            #expect(annotations["runbook_url"] == "\(PrometheusRules.runbooks)/\(alert.name).md")
        }
    }

    @Test func eachAlertLeadsToADashboardAndItsVariables() async throws {
        let dashboards = try ["fleet", "guest"].map { try Dashboard(json: Dashboard.json($0)) }
        for alert in try await rules().filter({ $0.type == "alerting" }) {
            let link = try #require(alert.annotations?["dashboard_url"], "\(alert.name)")
            let dashboard = try #require(dashboards.first { link.starts(with: "/d/\($0.uid)") }, "\(alert.name)")
            let variables = Set(dashboard.templating.list.map(\.name))
            #expect(Set(link.matches(of: /var-(\w+)=/).map { String($0.1) }).subtracting(variables) == [])
        }
    }

    @Test func eachAlertHasItsRunbookAndEachRunbookItsAlert() async throws {
        let alerts = Set(try await rules().filter { $0.type == "alerting" }.map(\.name))
        let directory = PrometheusRules.project.appending(path: "docs/runbooks")
        let runbooks = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(Set(runbooks) == Set(alerts.map { "\($0).md" }))
        for runbook in runbooks {
            let text = try String(contentsOf: directory.appending(path: runbook), encoding: .utf8)
            let headings = text.matches(of: /(?m)^#+ (.+)$/).map { String($0.1) }
            let name = runbook.replacing(".md", with: "")
            #expect(headings == [name, "Meaning", "Impact", "Who acts", "Diagnosis", "Mitigation"])
        }
    }

    @Test func eachAlertIsTestedForFiringAndForQuiet() async throws {
        let tests = try PrometheusRules.files(in: "tests").map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        for alert in Set(try await rules().filter { $0.type == "alerting" }.map(\.name)) {
            #expect(tests.contains("alertname: \(alert)\n        exp_alerts:\n"), "\(alert) never fires")
            #expect(tests.contains("alertname: \(alert)\n        exp_alerts: []\n"), "\(alert) is never quiet")
        }
    }

    @Test func rulesNameNoMetricThatDoesNotExist() async throws {
        let rules = try await rules()
        let known = try knownMetrics(recordedBy: rules)
        for rule in rules {
            #expect(Set(Self.metrics(of: rule.query)).subtracting(known) == [], "in \(rule.name)")
        }
    }

    @Test func documentedQueriesAreValidAndNameNoMetricThatDoesNotExist() async throws {
        try await withPrometheus { prometheus in
            let known = try knownMetrics(recordedBy: try await prometheus.rules())
            var queries = 0
            for file in try documents() {
                let text = try String(contentsOf: file, encoding: .utf8)
                // A line that is neither indented nor a closing parenthesis begins a query.
                for block in text.matches(of: /```promql\n((?:.*\n)*?)```/) {
                    for query in block.1.split(separator: /\n(?=[^\s)])/) {
                        queries += 1
                        _ = try await prometheus.query(String(query))
                        #expect(Set(Self.metrics(of: String(query))).subtracting(known) == [], "in \(file.path)")
                    }
                }
            }
            #expect(queries > 0)
        }
    }

    /// promtool runs these joins on made-up series.
    @Test func documentedJoinsWithNamesAreTested() throws {
        func words(_ text: some StringProtocol) -> String {
            text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        let file = PrometheusRules.directory.appending(path: "tests/joins.test.yml")
        let tests = words(try String(contentsOf: file, encoding: .utf8))
        let queries = try documents().flatMap { document in
            try String(contentsOf: document, encoding: .utf8).matches(of: /```promql\n((?:.*\n)*?)```/)
                .map { words($0.1) }
        }
        let joins = queries.filter { $0.contains("group_left") }
        #expect(!joins.isEmpty)
        for join in joins {
            #expect(tests.contains(join))
        }
    }

    @Test func eachThresholdIsUsedAndMissed() async throws {
        let rules = try await rules()
        let thresholds = Set(rules.filter { $0.type == "recording" }.map(\.name).filter { $0.contains(":threshold:") })
        #expect(!thresholds.isEmpty)
        let missing = try #require(rules.first { $0.name == "LibvirtMemoryThresholdsMissing" })
        #expect(Set(Self.metrics(of: missing.query)) == thresholds)
        let used = rules.filter { $0.name != missing.name }.flatMap { Self.metrics(of: $0.query) }
        #expect(thresholds.subtracting(used) == [])
    }

    @Test(arguments: try PrometheusRules.files(in: "examples"))
    func examplesAreValidAndInTheDocumentation(file: URL) async throws {
        switch file.lastPathComponent {
        case "alertmanager.yml":
            _ = try await ChildProcess.run(TestbedFiles.program("amtool") + ["check-config", file.path])
        case PrometheusRules.overrides.lastPathComponent:
            try await promtool("check", "rules", "--lint-fatal", file.path)
        default:
            // The files that they name are not here.
            let check = TestbedFiles.program("promtool") + ["check", "config", "--syntax-only", file.path]
            _ = try await ChildProcess.run(check)
        }
        let documentation = PrometheusRules.project.appending(path: "docs/prometheus.md")
        let example = try String(contentsOf: file, encoding: .utf8)
        #expect(try String(contentsOf: documentation, encoding: .utf8).contains("```yaml\n\(example)```\n"))
    }

    /// The documents that this suite answers for.
    private func documents() throws -> [URL] {
        let docs = PrometheusRules.project.appending(path: "docs")
        let runbooks = docs.appending(path: "runbooks")
        return ["prometheus.md", "openstack.md", "migration.md"].map { docs.appending(path: $0) }
            + (try FileManager.default.contentsOfDirectory(at: runbooks, includingPropertiesForKeys: nil))
    }

    /// All rules, as Prometheus itself has read them.
    private func rules() async throws -> [PrometheusRule] {
        try await withPrometheus { try await $0.rules() }
    }

    /// Runs a Prometheus that has loaded all rules and scrapes nothing.
    private func withPrometheus<Result>(_ body: (PrometheusServer) async throws -> Result) async throws -> Result {
        try TestbedFiles.requirePrepared()
        let directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lme-\(UInt32.random(in: 0 ... .max))")
        defer { try? FileManager.default.removeItem(at: directory) }
        let files = try PrometheusRules.all()
        let prometheus = try await PrometheusServer.start(
            configuration: "rule_files: [\(files.map { "'\($0.path)'" }.joined(separator: ", "))]",
            directory: directory
        )
        do {
            let result = try await body(prometheus)
            try await prometheus.process.end()
            return result
        } catch {
            try? await prometheus.process.end()
            throw error
        }
    }

    /// What the exporter gives, what rules record, and what Prometheus itself knows of each target.
    private func knownMetrics(recordedBy rules: [PrometheusRule]) throws -> Set<String> {
        let file = PrometheusRules.project.appending(path: "docs/metrics.md")
        let table = try String(contentsOf: file, encoding: .utf8)
        let exported = table.matches(of: /(?m)^\| `(\w+)` \|/).map { String($0.1) }
        return Set(exported + rules.filter { $0.type == "recording" }.map(\.name) + ["up"])
    }

    /// The metrics that an expression names: the words that are neither labels nor part of PromQL.
    private static func metrics(of expression: String) -> [String] {
        expression.replacing(/"[^"]*"/, with: "").replacing(/\{[^}]*\}|\[[^\]]*\]/, with: "")
            .replacing(/\b(on|ignoring|by|without|group_left|group_right)\s*\([^)]*\)|\boffset \w+/, with: "")
            .matches(of: /[a-zA-Z_:][a-zA-Z0-9_:]*(?![a-zA-Z0-9_:]*\s*\()/).map { String($0.0) }
            .filter { !["and", "or", "unless"].contains($0) }
    }

    private func promtool(_ arguments: String...) async throws {
        let program = ProcessInfo.processInfo.environment["PROMTOOL"].map { [$0] } ?? TestbedFiles.program("promtool")
        _ = try await ChildProcess.run(program + arguments)
    }
}
