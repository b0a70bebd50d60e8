import Glibc
import Testing

extension EndToEndTests {
    /// How the exporter ends.
    @Suite struct ShutdownTests {
        @Test func theScrapeUnderWayIsAnsweredBeforeTheEnd() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                _ = try await exporter.scrapeWithDomains()
                // The scrape waits for the guest, or for the exporter's patience with it.
                try await guest.freeze()
                async let response = exporter.get("/metrics")
                try await Task.sleep(for: .milliseconds(300))
                await exporter.process.send(SIGTERM)
                try await Task.sleep(for: .milliseconds(200))
                try await guest.thaw()
                let answered = try await response
                #expect(answered.status == 200)
                // It was under way when the exporter was told to end.
                #expect(answered.duration > .milliseconds(300))
                #expect(try Exposition(answered.text).domains == ["guest"])
                #expect(try await exporter.process.exitStatus(within: .seconds(5)) == 0)
            }
        }

        @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
        func anIdleExporterEndsAtOnce(signal: Int32) async throws {
            try await Testbed.run { testbed in
                let exporter = try await testbed.startExporter()
                _ = try await exporter.scrape()
                await exporter.process.send(signal)
                #expect(try await exporter.process.exitStatus(within: .seconds(2)) == 0)
            }
        }

        @Test func theProcessThatSetsPeriodsEndsInOrderWhenItsTerminalGoesAway() async throws {
            try await Testbed.run { testbed in
                let notify = try NotifySocket(path: testbed.directory.appending(path: "notify").path)
                let process = try await testbed.startPeriod(telling: notify, watchdogSeconds: 60)
                try await eventually(within: .seconds(20)) {
                    try require(notify.count("READY=1") == 1, "it has begun")
                }
                await process.send(SIGHUP)
                #expect(try await process.exitStatus(within: .seconds(5)) == 0)
                #expect(notify.count("STOPPING=1") == 1)
            }
        }

        @Test func anExporterThatIsToOutliveItsTerminalDoes() async throws {
            try await Testbed.run { testbed in
                let exporter = try await ExporterProcess.start(
                    ["--libvirt.uri=\(testbed.libvirtd.uri)"],
                    command: ["/usr/bin/nohup", TestbedFiles.exporter.path],
                    log: testbed.directory.appending(path: "exporter.log")
                )
                _ = try await exporter.scrape()
                await exporter.process.send(SIGHUP)
                for _ in 1...10 {
                    _ = try await exporter.scrape()
                    try await Task.sleep(for: .milliseconds(50))
                }
                await exporter.process.send(SIGTERM)
                #expect(try await exporter.process.exitStatus(within: .seconds(5)) == 0)
            }
        }
    }
}
