import Foundation
import Testing

extension EndToEndTests {
    /// What the exporter says of each kind of guest.
    @Suite struct FiguresTests {
        /// Series by the names that `virsh dommemstat` uses, with the bytes of its unit.
        private static let statistics: [(virsh: String, series: String, unit: Double)] = [
            ("actual", "actual_balloon_bytes", 1024),
            ("available", "available_bytes", 1024),
            ("usable", "usable_bytes", 1024),
            ("unused", "unused_bytes", 1024),
            ("disk_caches", "disk_caches_bytes", 1024),
            ("swap_in", "swap_in_bytes_total", 1024),
            ("swap_out", "swap_out_bytes_total", 1024),
            ("major_fault", "major_fault_total", 1),
            ("minor_fault", "minor_fault_total", 1),
            ("hugetlb_pgalloc", "hugetlb_pgalloc_total", 1),
            ("hugetlb_pgfail", "hugetlb_pgfail_total", 1),
            ("last_update", "last_update_timestamp_seconds", 1),
        ]
        /// What only the guest's driver can tell.
        private static let guestStatistics = statistics.map(\.series).filter { $0 != "actual_balloon_bytes" }

        @Test func figuresAreThoseOfVirshAndOfTheGuest() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(20)) {
                    let metrics = try await exporter.scrape()
                    // Only of the same update of the guest's can the figures be equal: then all of them are.
                    let expected = try await guest.dommemstat()
                    for (virsh, series, unit) in Self.statistics {
                        let value = try metrics.memory(series, guest)
                        try require(value == expected[virsh].map { Double($0) * unit }, "\(series) is \(virsh)")
                    }
                    // The size of a process moves at any time, if not by much.
                    let residentSize = Double(try present(expected["rss"], "rss")) * 1024
                    let rss = try present(try metrics.memory("rss_bytes", guest), "rss")
                    try require(abs(rss - residentSize) < 8 * mebibyte, "rss \(rss) is about \(residentSize)")

                    let memory = try guest.memory()
                    try require(
                        try metrics.memory("available_bytes", guest) == Double(try memory["MemTotal"]) * 1024,
                        "available is the MemTotal that the guest printed"
                    )
                    // At rest, MemAvailable moves by some pages between the update and the print.
                    let usable = try present(try metrics.memory("usable_bytes", guest), "usable")
                    let memAvailable = Double(try memory["MemAvailable"]) * 1024
                    try require(abs(usable - memAvailable) < mebibyte / 2, "usable \(usable) is about \(memAvailable)")
                }
                let metrics = try await exporter.scrape()
                #expect(try metrics.value("libvirt_up") == 1)
                #expect(try metrics.domain("info_maximum_memory_bytes", guest) == 128 * mebibyte)
                #expect(try metrics.domain("info_memory_usage_bytes", guest) == 128 * mebibyte)
                #expect(try metrics.domain("info_virtual_cpus", guest) == 1)
                #expect(try #require(try metrics.domain("info_cpu_time_seconds_total", guest)) > 0.5)
                #expect(metrics.states(of: guest) == ["running"])
                #expect(try metrics.memory("period_seconds", guest) == 1)
            }
        }

        @Test func whatAGuestFillsIsGoneFromUsable() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "empty"),
                    GuestSpecification(name: "filled", filledMebibytes: 24)
                )
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(20)) {
                    let metrics = try await exporter.scrape()
                    let usable = try guests.map { try present(try metrics.memory("usable_bytes", $0), "usable") }
                    let difference = (usable[0] - usable[1]) / mebibyte
                    try require(abs(difference - 24) < 2, "24 MiB are filled, usable differs by \(difference) MiB")
                }
            }
        }

        @Test func aGuestWithoutDriverHasNoFiguresOfItsOwn() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasDriver: false))
                let metrics = try await testbed.startExporter().scrapeWithDomains()
                for series in Self.guestStatistics {
                    #expect(try metrics.memory(series, guest) == nil, "\(series)")
                }
                #expect(try metrics.memory("actual_balloon_bytes", guest) == 128 * mebibyte)
                #expect(try #require(try metrics.memory("rss_bytes", guest)) > mebibyte)
                #expect(try metrics.memory("period_seconds", guest) == 1)
            }
        }

        @Test func aGuestWithoutBalloonHasNoFiguresOfItsOwn() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", balloon: .absent))
                let metrics = try await testbed.startExporter().scrapeWithDomains()
                for series in Self.guestStatistics + ["period_seconds"] {
                    #expect(try metrics.memory(series, guest) == nil, "\(series)")
                }
                #expect(try #require(try metrics.memory("rss_bytes", guest)) > mebibyte)
                #expect(try metrics.domain("info_maximum_memory_bytes", guest) == 128 * mebibyte)
                #expect(metrics.states(of: guest) == ["running"])
            }
        }

        @Test func aPausedGuestIsStillThere() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                try await exporter.waitForFigures(of: guest)
                try await guest.suspend()
                let paused = try await exporter.scrape()
                #expect(paused.states(of: guest) == ["paused"])
                #expect(try paused.memory("usable_bytes", guest) != nil)
                try await Task.sleep(for: .seconds(2))
                let later = try await exporter.scrape()
                #expect(
                    try later.memory("last_update_timestamp_seconds", guest)
                        == paused.memory("last_update_timestamp_seconds", guest)
                )
                try await guest.resume()
                #expect(try await exporter.scrape().states(of: guest) == ["running"])
            }
        }

        @Test(arguments: ["plain", "quote\"back\\slash <&> 🦊", "'{domain=\"x\"} 1 # ü", "new\\nline"])
        func aNameComesOutAsItIs(name: String) async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: name, hasSystem: false))
                let metrics = try await testbed.startExporter().scrapeWithDomains()
                #expect(metrics.domains == [name])
                #expect(try metrics.domain("info_maximum_memory_bytes", guest) == 16 * mebibyte)
                #expect(metrics.states(of: guest) == ["paused"])
            }
        }
    }
}
