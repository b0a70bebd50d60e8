import Foundation
import Testing

extension EndToEndTests {
    /// What Prometheus and its tools make of the exporter.
    @Suite struct PrometheusTests {
        @Test func prometheusScrapesAndAnswersQueries() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "quote\"back\\slash <&> 🦊"))
                let exporter = try await testbed.startExporter()
                let prometheus = try await testbed.startPrometheus(scraping: exporter)
                try await eventually(within: .seconds(20)) {
                    try require(try await prometheus.query("up{job=\"libvirt\"}").map(\.value) == [1], "up is 1")
                    let usable = try await prometheus.query("libvirt_domain_memory_stats_usable_bytes")
                    try require(usable.map { $0.labels["domain"] } == [guest.name], "the guest is found: \(usable)")
                    let used = try await prometheus.query(
                        """
                        1 - libvirt_domain_memory_stats_usable_bytes / libvirt_domain_memory_stats_available_bytes
                        """
                    )
                    try require(used.count == 1 && (0.05...0.95).contains(used[0].value), "part is used: \(used)")
                    let state = try await prometheus.query("libvirt_domain_state == 1")
                    try require(state.map { $0.labels["state"] } == ["running"], "it runs: \(state)")
                }
            }
        }

        @Test func promtoolFindsNothing() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                try await exporter.waitForFigures(of: guest)
                let response = try await exporter.get("/metrics")
                try await PrometheusServer.checkMetrics(response.text, directory: testbed.directory)
            }
        }

        @Test func theFormatIsTheOneAskedFor() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                let exporter = try await testbed.startExporter()
                _ = try await exporter.scrapeWithDomains()

                let plain = try await exporter.get("/metrics")
                #expect(plain.fields["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
                #expect(!plain.text.contains("# EOF"))

                let openMetrics = try await exporter.get(
                    "/metrics",
                    fields: ["Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"]
                )
                #expect(openMetrics.fields["content-type"]?.hasPrefix("application/openmetrics-text") == true)
                #expect(openMetrics.text.hasSuffix("\n# EOF\n"))
                let metrics = try Exposition(openMetrics.text)
                #expect(metrics.types["libvirt_domain_info_cpu_time_seconds"] == "counter")
                #expect(try metrics.domain("info_maximum_memory_bytes", guest) == 16 * mebibyte)
            }
        }

        @Test func itIsCompressedForWhoeverTakesGzip() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                let exporter = try await testbed.startExporter()
                _ = try await exporter.scrapeWithDomains()
                let compressed = try await exporter.get("/metrics", fields: ["Accept-Encoding": "gzip"])
                #expect(compressed.fields["content-encoding"] == "gzip")
                let file = testbed.directory.appending(path: "metrics.gz")
                try compressed.body.write(to: file)
                let text = try await ChildProcess.run(["/bin/gzip", "--decompress", "--stdout"], input: file)
                let metrics = try Exposition(String(decoding: text, as: UTF8.self))
                #expect(try metrics.domain("info_maximum_memory_bytes", guest) == 16 * mebibyte)
            }
        }
    }
}
