import Foundation
import Testing

extension EndToEndTests {
    /// What a scrape costs libvirtd, counted in libvirt's own log of its clients' calls.
    @Suite struct CallCountTests {
        @Test(arguments: [(2, 1), (20, 2)])
        func aSteadyScrapeMakesOneBulkCallForEachShare(domains: Int, bulkCalls: Int) async throws {
            try await Testbed.run { testbed in
                _ = try await testbed.startGuests(
                    GuestSpecification(name: "with-period"),
                    GuestSpecification(name: "without-period", balloon: .virtio(period: nil))
                )
                for number in 2..<domains {
                    _ = try await testbed.startGuest(GuestSpecification(name: "idle-\(number)", hasSystem: false))
                }
                let log = LibvirtCallLog(file: testbed.directory.appending(path: "calls.log"))
                let exporter = try await testbed.startExporter(environment: log.environment)
                try await eventually(within: .seconds(10)) {
                    let known = try await exporter.scrape().samples("libvirt_domain_memory_stats_period_seconds")
                    try require(known.count == domains && known.allSatisfy { $0.value > 0 }, "every period is known")
                }
                // A connection that is opened for further domains looks each of them up once.
                _ = try await exporter.scrape()

                let before = try log.calls()
                let scrapes = 5
                for _ in 0..<scrapes {
                    _ = try await exporter.scrape()
                }
                let made = try log.calls().merging(before) { $0 - $1 }
                #expect(made["virDomainListGetStats"] == scrapes * bulkCalls)
                // Enters no monitor.
                #expect(made["virDomainGetInfo"] == scrapes * domains)
                for call in [
                    "virConnectListAllDomains", "virConnectGetAllDomainStats", "virDomainGetXMLDesc",
                    "virDomainLookupByUUID",
                    "virDomainMemoryStats", "virDomainSetMemoryStatsPeriod",
                ] {
                    #expect(made[call, default: 0] == 0, "\(call)")
                }
            }
        }

        @Test func onlyTheShareOfAFrozenGuestIsAskedForAgain() async throws {
            try await Testbed.run { testbed in
                var guests: [Guest] = []
                for number in 0..<16 {
                    guests.append(
                        try await testbed.startGuest(GuestSpecification(name: "guest-\(number)", hasSystem: false))
                    )
                }
                let log = LibvirtCallLog(file: testbed.directory.appending(path: "calls.log"))
                let exporter = try await testbed.startExporter("--collect.connections=2", environment: log.environment)
                let hasAll: @Sendable () async throws -> Void = {
                    let known = try await exporter.scrape().samples("libvirt_domain_memory_stats_rss_bytes")
                    try require(known.count == 16, "every guest has figures")
                }
                try await eventually(within: .seconds(10), hasAll)
                // The second connection is opened after the first scrape has seen how many domains there are.
                try await eventually(within: .seconds(5)) {
                    let before = try log.calls()["virDomainListGetStats", default: 0]
                    _ = try await exporter.scrape()
                    let made = try log.calls()["virDomainListGetStats", default: 0] - before
                    try require(made == 2, "a scrape asks for two shares")
                }

                try await guests[3].freeze()
                let before = try log.calls()
                let metrics = try await exporter.scrape()
                let made = try log.calls().merging(before) { $0 - $1 }
                // The domains of its share but itself are asked alone: its monitor is known to be stuck by then.
                #expect(made["virDomainListGetStats"] == 2 + 7)
                #expect(made["virDomainGetControlInfo"] == 8)
                #expect(metrics.samples("libvirt_domain_memory_stats_rss_bytes").count == 15)
                #expect(try metrics.value("libvirt_exporter_abandoned_calls") == 1)
                try await guests[3].thaw()
                try await eventually(within: .seconds(10), hasAll)
            }
        }

        @Test(arguments: ["?collect[]=domain", "?exclude[]=memory_stats"])
        func aScrapeWithoutBalloonStatisticsEntersNoMonitor(query: String) async throws {
            try await Testbed.run { testbed in
                for number in 0..<2 {
                    _ = try await testbed.startGuest(GuestSpecification(name: "guest-\(number)", hasSystem: false))
                }
                let log = LibvirtCallLog(file: testbed.directory.appending(path: "calls.log"))
                let exporter = try await testbed.startExporter(environment: log.environment)
                try await eventually(within: .seconds(10)) {
                    let known = try await exporter.scrape().samples("libvirt_domain_memory_stats_rss_bytes")
                    try require(known.count == 2, "every guest has figures")
                }
                let before = try log.calls()
                let reply = try await exporter.get("/metrics\(query)")
                #expect(reply.text.contains("libvirt_domain_info_cpu_time_seconds_total{"))
                let made = try log.calls().merging(before) { $0 - $1 }
                #expect(made["virDomainGetInfo"] == 2)
                #expect(made["virDomainListGetStats", default: 0] == 0)
                #expect(made["virDomainMemoryStats", default: 0] == 0)
            }
        }
    }
}
