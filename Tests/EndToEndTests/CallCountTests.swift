import Foundation
import Testing

extension EndToEndTests {
    /// What a scrape costs libvirtd, counted in libvirt's own log of its clients' calls.
    @Suite struct CallCountTests {
        @Test(arguments: [2, 20])
        func aSteadyScrapeMakesOneBulkCall(domains: Int) async throws {
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

                let before = try log.calls()
                let scrapes = 5
                for _ in 0..<scrapes {
                    _ = try await exporter.scrape()
                }
                let made = try log.calls().merging(before) { $0 - $1 }
                #expect(made["virConnectGetAllDomainStats"] == scrapes)
                // Enters no monitor.
                #expect(made["virDomainGetInfo"] == scrapes * domains)
                for call in ["virDomainGetXMLDesc", "virDomainMemoryStats", "virDomainSetMemoryStatsPeriod"] {
                    #expect(made[call, default: 0] == 0, "\(call)")
                }
            }
        }
    }
}
