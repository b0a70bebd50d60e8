import Foundation
import Testing

@testable import ExporterService

/// `make docs` runs these with RENEW_DOCS=1, which writes what they otherwise compare.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private var table: String {
        var text = """
            # Metrics

            Made from the exporter's own catalogue by `make docs`.

            A metric of a collector is left out by `--no-collector.NAME`, or for one scrape by `?exclude[]=NAME`.

            | metric | type | collector | labels | what it is |
            |---|---|---|---|---|

            """
        for (collector, metrics) in MetricCatalogue.groups {
            for metric in metrics {
                let description = metric.description
                let labels = metric.labels.map { "`\($0)`" }.joined(separator: ", ")
                let name = collector.map { "`\($0.rawValue)`" } ?? ""
                text += "| `\(description.name)` | \(description.kind) | \(name) | \(labels) | \(description.help) |\n"
            }
        }
        return text
    }

    @Test func theListOfMetricsIsThatOfTheCatalogue() throws {
        let file = Self.root.appending(path: "docs/metrics.md")
        if ProcessInfo.processInfo.environment["RENEW_DOCS"] == "1" {
            try table.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == table, "run `make docs`")
    }

    @Test func theNewestEntryOfTheChangelogIsOfThisVersion() throws {
        let changelog = try String(contentsOf: Self.root.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let newest = try #require(changelog.firstMatch(of: /(?m)^## ([^ \n]+)/))
        #expect(newest.1 == exporterVersion)
    }
}
