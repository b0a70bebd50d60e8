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
                let log = testbed.directory.appending(path: "calls.log")
                let exporter = try await testbed.startExporter(
                    environment: ["LIBVIRT_LOG_FILTERS": "1:libvirt", "LIBVIRT_LOG_OUTPUTS": "1:file:\(log.path)"]
                )
                try await eventually(within: .seconds(10)) {
                    let known = try await exporter.scrape().samples("libvirt_domain_memory_stats_period_seconds")
                    try require(known.count == domains && known.allSatisfy { $0.value > 0 }, "every period is known")
                }

                let before = try calls(in: log)
                let scrapes = 5
                for _ in 0..<scrapes {
                    _ = try await exporter.scrape()
                }
                let made = try calls(in: log).merging(before) { $0 - $1 }
                #expect(made["virConnectGetAllDomainStats"] == scrapes)
                // Enters no monitor.
                #expect(made["virDomainGetInfo"] == scrapes * domains)
                for call in ["virDomainGetXMLDesc", "virDomainMemoryStats", "virDomainSetMemoryStatsPeriod"] {
                    #expect(made[call, default: 0] == 0, "\(call)")
                }
            }
        }

        /// How often each function of libvirt was called. A line is "TIME: THREAD: debug : FUNCTION:LINE : …".
        private func calls(in log: URL) throws -> [String: Int] {
            try String(contentsOf: log, encoding: .utf8).split(separator: "\n").reduce(into: [:]) { counts, line in
                if let call = line.firstMatch(of: /: debug : (\w+):/) {
                    counts[String(call.1), default: 0] += 1
                }
            }
        }
    }
}
