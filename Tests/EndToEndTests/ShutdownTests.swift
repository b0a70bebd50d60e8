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

        @Test(arguments: [SIGTERM, SIGINT])
        func anIdleExporterEndsAtOnce(signal: Int32) async throws {
            try await Testbed.run { testbed in
                let exporter = try await testbed.startExporter()
                _ = try await exporter.scrape()
                await exporter.process.send(signal)
                #expect(try await exporter.process.exitStatus(within: .seconds(2)) == 0)
            }
        }
    }
}
