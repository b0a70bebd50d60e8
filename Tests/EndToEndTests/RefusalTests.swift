import Testing

extension EndToEndTests {
    /// A libvirtd that does not let the exporter do everything.
    @Suite struct RefusalTests {
        @Test func withoutPermissionToSetPeriodsThereIsOneWarningAndEverythingElseWorks() async throws {
            try await Testbed.run { testbed in
                let asked = try await testbed.startGuest(GuestSpecification(name: "asked"))
                let unasked = try await testbed.startGuest(
                    GuestSpecification(name: "unasked", balloon: .virtio(period: nil))
                )
                // Whoever comes by this socket may read, and is refused all else.
                let exporter = try await testbed.startExporter("--libvirt.uri=\(testbed.libvirtd.uri)-ro")
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(try metrics.memory("usable_bytes", asked) != nil, "the guest that is asked has figures")
                    try require(try isNotAsked(unasked, in: metrics), "the other is said not to be asked")
                }
                // A domain that starts is another occasion to try; what is said already is not said again.
                _ = try await testbed.startGuest(
                    GuestSpecification(name: "newcomer", balloon: .virtio(period: nil), hasSystem: false)
                )
                try await eventually(within: .seconds(5)) {
                    try require(try await exporter.scrape().domains.contains("newcomer"), "the newcomer is there")
                }
                try await Task.sleep(for: .seconds(1))
                let warnings = try exporter.process.outputSoFar().split(separator: "\n").filter {
                    $0.contains("level=warn") || $0.contains("level=error")
                }
                #expect(warnings.count == 1)
                #expect(warnings.first?.contains("cannot set statistics periods") == true)
                #expect(!(try await unasked.xml()).contains("<stats"))
            }
        }

        @Test func aGuestThatRunsAndWhosePeriodIsRefusedIsNamed() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(
                    GuestSpecification(name: "guest", balloon: .virtio(period: nil))
                )
                // The guest's kernel lets go of the device, of which libvirt learns nothing.
                let monitor = ["qemu-monitor-command", guest.uuid, "--hmp"]
                try await testbed.libvirtd.virsh(monitor + ["device_del balloon0"])
                try await eventually(within: .seconds(30)) {
                    let answer = try await testbed.libvirtd.virsh(monitor + ["info balloon"])
                    try require(answer.contains("No balloon device"), "the device is gone: \(answer)")
                }
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    let log = try exporter.process.outputSoFar().split(separator: "\n")
                    let warning = try present(log.first { $0.contains("level=warn") }, "warning")
                    try require(warning.contains("cannot set a domain's statistics period"), "\(warning)")
                    // libvirt says the same number of a guest that does not run.
                    try require(warning.contains("domain=guest") && warning.contains("(error 55)"), "\(warning)")
                }
            }
        }

        @Test func aLibvirtdAtItsLimitOfClientsCostsPeriodsAndNoScrape() async throws {
            // The exporter's two connections and one for this test's own virsh, which comes and goes.
            try await Testbed.run(settings: ["max_clients = 3", "max_anonymous_clients = 3"]) { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                let exporter = try await testbed.startExporter("--memory-stats.period=0")
                _ = try await exporter.scrapeWithDomains()
                let second = try await testbed.startExporter("--memory-stats.period=0")

                let records = try await ScrapeRecorder().recording(exporter) {
                    try await Task.sleep(for: .seconds(3))
                }
                for record in records {
                    #expect(record.duration < .seconds(1))
                    #expect(try record.exposition.memory("rss_bytes", guest) != nil)
                }
                // Who came too late has an answer too, at once.
                let start = ContinuousClock.now
                _ = try await second.scrape()
                #expect(start.duration(to: .now) < ScrapeRecorder.timeout)
            }
        }

        private func isNotAsked(_ guest: Guest, in metrics: Exposition) throws -> Bool {
            let labels = ["domain": guest.name, "uuid": guest.uuid]
            let status = try metrics.value(
                "libvirt_domain_memory_stats_status",
                labels.merging(["status": "no_period"]) { $1 }
            )
            let period = try metrics.value("libvirt_domain_memory_stats_period_seconds", labels)
            return status == 1 && period == 0
        }
    }
}
