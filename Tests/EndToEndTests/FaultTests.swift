import Testing

extension EndToEndTests {
    /// Guests and a libvirtd that hang, die and come and go while they are scraped: whoever is healthy has its series in
    /// every scrape, and every scrape is answered in its time.
    @Suite struct FaultTests {
        @Test(arguments: [1, 4])
        func frozenGuestsCostTheirOwnSeriesAndNothingElse(frozen: Int) async throws {
            try await withEightGuests { testbed, guests, exporter in
                let (stuck, healthy) = (guests.prefix(frozen), guests.dropFirst(frozen))
                let records = try await ScrapeRecorder().recording(exporter) {
                    for guest in stuck { try await guest.freeze() }
                    try await eventually(within: .seconds(20)) {
                        let metrics = try await exporter.scrape()
                        for guest in stuck {
                            try require(try isUnresponsive(guest, in: metrics), "\(guest.name) is unresponsive")
                        }
                    }
                    let metrics = try await exporter.scrape()
                    for guest in stuck {
                        #expect(try metrics.memory("rss_bytes", guest) == nil)
                        #expect(try metrics.value("libvirt_domain_info_virtual_cpus", labels(guest)) == 1)
                        #expect(try metrics.value("libvirt_domain_state", labels(guest, "state", "paused")) == 1)
                        let seconds = try metrics.value("libvirt_domain_monitor_unresponsive_seconds", labels(guest))
                        #expect(try #require(seconds) > 0)
                    }
                    #expect(try #require(try metrics.value("libvirt_exporter_abandoned_calls")) <= Double(frozen))

                    for guest in stuck { try await guest.thaw() }
                    try await eventually(within: .seconds(10)) {
                        let metrics = try await exporter.scrape()
                        for guest in stuck {
                            try require(try metrics.memory("rss_bytes", guest) != nil, "\(guest.name) is back")
                        }
                        try require(try metrics.value("libvirt_exporter_abandoned_calls") == 0, "no call is left")
                    }
                }
                try expectWhole(healthy, in: records)
            }
        }

        @Test func aFrozenGuestThatIsKilledIsGoneAndItsNeighboursStay() async throws {
            try await expectNoLoss { try await $0.kill() }
        }

        /// What an administrator does next: libvirtd holds the domain's lock while it ends QEMU.
        @Test func aFrozenGuestThatIsDestroyedCostsNoNeighbourASeries() async throws {
            try await expectNoLoss { try await $0.destroy() }
        }

        /// A frozen guest that ends in this way costs its neighbours nothing, and leaves no call.
        private func expectNoLoss(ending: (Guest) async throws -> Void) async throws {
            try await withEightGuests { testbed, guests, exporter in
                let records = try await ScrapeRecorder().recording(exporter) {
                    try await guests[0].freeze()
                    try await eventually(within: .seconds(20)) {
                        let metrics = try await exporter.scrape()
                        try require(try isUnresponsive(guests[0], in: metrics), "it is unresponsive")
                    }
                    try await ending(guests[0])
                    try await eventually(within: .seconds(10)) {
                        let metrics = try await exporter.scrape()
                        try require(!metrics.domains.contains(guests[0].name), "it is gone")
                        try require(try metrics.value("libvirt_exporter_abandoned_calls") == 0, "no call is left")
                    }
                }
                try expectWhole(guests.dropFirst(), in: records)
            }
        }

        @Test func aFrozenGuestWithoutAPeriodIsNamedAndTheOthersGetTheirs() async throws {
            try await Testbed.run { testbed in
                var guests: [Guest] = []
                for name in ["frozen", "first", "second"] {
                    let specification = GuestSpecification(name: name, balloon: .virtio(period: nil), hasSystem: false)
                    guests.append(try await testbed.startGuest(specification))
                }
                let (frozen, healthy) = (guests[0], guests[1...])
                try await frozen.freeze()
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(30)) {
                    let log = try exporter.process.outputSoFar().split(separator: "\n")
                    let leftBehind = try present(
                        log.first { $0.contains("its statistics period is set later") },
                        "warning"
                    )
                    try require(
                        leftBehind.contains("domain=frozen") && leftBehind.contains(frozen.uuid),
                        "\(leftBehind)"
                    )
                }
                for guest in healthy {
                    try await eventually(within: .seconds(30)) {
                        let xml = try await guest.xml()
                        try require(xml.contains("<stats period='10'/>"), "the period of \(guest.name) is set: \(xml)")
                    }
                }
                try await frozen.thaw()
            }
        }

        @Test func withEightOfTwelveGuestsFrozenTheOtherFourAreCompleteWithinThreeScrapesAndStaySo() async throws {
            try await withGuests(12) { testbed, guests, exporter in
                let (stuck, healthy) = (guests.prefix(8), guests.dropFirst(8))
                let records = try await ScrapeRecorder().recording(exporter) {
                    for guest in stuck { try await guest.freeze() }
                    for _ in 1...3 { _ = try await exporter.scrape() }
                    for _ in 1...5 {
                        let metrics = try await exporter.scrape()
                        for guest in healthy { #expect(try metrics.memory("rss_bytes", guest) != nil) }
                        for guest in stuck { #expect(try isUnresponsive(guest, in: metrics)) }
                    }
                    for guest in stuck { try await guest.thaw() }
                    try await eventually(within: .seconds(20)) {
                        let metrics = try await exporter.scrape()
                        for guest in guests {
                            try require(try metrics.memory("rss_bytes", guest) != nil, "\(guest.name) is back")
                        }
                        try require(try metrics.value("libvirt_exporter_abandoned_calls") == 0, "no call is left")
                    }
                }
                try expectInTime(records)
                for record in records {
                    #expect(record.exposition.domains == Set(guests.map(\.name)))
                    #expect(try #require(try record.exposition.value("libvirt_exporter_abandoned_calls")) <= 10)
                }
            }
        }

        /// While a hook script runs, libvirtd holds the domain's lock, and every call about it and every list waits.
        @Test(arguments: ["prepare", "stopped"])
        func aHookScriptThatTakesLongForOneDomainCostsNoOtherASeries(operation: String) async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                try await testbed.libvirtd.hook(operation, of: "held", seconds: 20)
                try await testbed.libvirtd.start()
                var guests: [Guest] = []
                for number in 1...7 {
                    guests.append(
                        try await testbed.startGuest(GuestSpecification(name: "guest-\(number)", hasSystem: false))
                    )
                }
                let held = try await Guest.define(
                    GuestSpecification(name: "held", hasSystem: false),
                    libvirtd: testbed.libvirtd
                )
                if operation == "stopped" { try await held.start() }
                let exporter = try await testbed.startExporter()
                let started = guests
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    for guest in started {
                        try require(try metrics.memory("rss_bytes", guest) != nil, "\(guest.name) has figures")
                    }
                }
                let records = try await ScrapeRecorder().recording(exporter) {
                    if operation == "stopped" { try await held.destroy() } else { try await held.start() }
                }
                try expectWhole(guests[...], in: records)
                for record in records {
                    #expect(try #require(try record.exposition.value("libvirt_exporter_abandoned_calls")) <= 4)
                }
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(metrics.domains.contains("held") == (operation == "prepare"), "it is known")
                    try require(try metrics.value("libvirt_exporter_abandoned_calls") == 0, "no call is left")
                }
            }
        }

        /// As when an operator moves from one exporter to another and both are scraped at the same moment.
        @Test func twoExportersThatAreScrapedAtTheSameMomentAreBothComplete() async throws {
            try await withEightGuests { testbed, guests, exporter in
                let other = try await testbed.startExporter("--memory-stats.period=0")
                _ = try await eventually(within: .seconds(10)) {
                    let figures = try await other.scrape().samples("libvirt_domain_memory_stats_rss_bytes")
                    try require(figures.count == guests.count, "the other exporter is complete")
                }
                var incomplete = 0
                for _ in 1...100 {
                    async let first = exporter.scrape()
                    async let second = other.scrape()
                    for metrics in [try await first, try await second] {
                        let figures = metrics.samples("libvirt_domain_memory_stats_rss_bytes")
                        if figures.count < guests.count { incomplete += 1 }
                    }
                }
                #expect(incomplete == 0)
            }
        }

        @Test func clientsThatPollAGuestAllTheTimeMakeNoGapInItsSeries() async throws {
            try await withEightGuests { testbed, guests, exporter in
                let pollers = (0..<3).map { _ in
                    Task {
                        while !Task.isCancelled { _ = try? await testbed.libvirtd.virsh("dommemstat", guests[0].name) }
                    }
                }
                var scrapes: [Exposition] = []
                for _ in 1...100 {
                    scrapes.append(try await exporter.scrape())
                    // Older than --collect.max-age of the testbed, so that each scrape collects.
                    try await Task.sleep(for: .milliseconds(20))
                }
                for poller in pollers { poller.cancel() }
                for poller in pollers { await poller.value }
                for metrics in scrapes {
                    #expect(try metrics.memory("rss_bytes", guests[0]) != nil)
                    #expect(try metrics.value("libvirt_exporter_passed_over_domains") == 0)
                }
            }
        }

        @Test func aLibvirtdThatHangsIsSaidToBeDownAndFoundAgain() async throws {
            try await withEightGuests { testbed, guests, exporter in
                let records = try await ScrapeRecorder().recording(exporter) {
                    try await testbed.libvirtd.freeze()
                    try await eventually(within: .seconds(20)) {
                        try require(try await exporter.scrape().value("libvirt_up") == 0, "libvirt is down")
                    }
                    // From then on it is known, and nobody waits for it.
                    let start = ContinuousClock.now
                    _ = try await exporter.scrape()
                    #expect(start.duration(to: .now) < .seconds(1))

                    try await testbed.libvirtd.thaw()
                    try await eventually(within: .seconds(10)) {
                        let metrics = try await exporter.scrape()
                        for guest in guests {
                            try require(try metrics.memory("rss_bytes", guest) != nil, "\(guest.name) is back")
                        }
                        try require(try metrics.value("libvirt_exporter_abandoned_calls") == 0, "no call is left")
                    }
                }
                try expectInTime(records)
            }
        }

        @Test func domainsThatComeAndGoCostNoNeighbourASeries() async throws {
            try await withEightGuests { testbed, guests, exporter in
                let records = try await ScrapeRecorder().recording(exporter) {
                    for round in 0..<5 {
                        var newcomer = GuestSpecification(name: "newcomer", balloon: .virtio(period: nil))
                        newcomer.hasSystem = false
                        // The same name each time, and another UUID.
                        let guest = try await testbed.startGuest(newcomer)
                        if round.isMultiple(of: 2) { try await guest.destroy() } else { try await guest.kill() }
                        try await eventually(within: .seconds(10)) {
                            let domains = try await testbed.libvirtd.virsh("list", "--name")
                            try require(!domains.contains("newcomer"), "it has ended")
                        }
                    }
                }
                try expectWhole(guests[...], in: records)
                #expect(try records.last?.exposition.value("libvirt_exporter_abandoned_calls") == 0)
            }
        }

        /// Eight guests without an operating system: paused QEMUs, whose monitors are those of any guest.
        private func withEightGuests(
            _ test: (Testbed, [Guest], ExporterProcess) async throws -> Void
        ) async throws {
            try await withGuests(8, test)
        }

        private func withGuests(
            _ count: Int,
            _ test: (Testbed, [Guest], ExporterProcess) async throws -> Void
        ) async throws {
            try await Testbed.run { testbed in
                var guests: [Guest] = []
                for number in 1...count {
                    guests.append(
                        try await testbed.startGuest(GuestSpecification(name: "guest-\(number)", hasSystem: false))
                    )
                }
                let started = guests
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    for guest in started {
                        try require(try metrics.memory("rss_bytes", guest) != nil, "\(guest.name) has figures")
                        try require(!metrics.samples("libvirt_domain_info", labels(guest)).isEmpty, "it is known")
                    }
                }
                try await test(testbed, guests, exporter)
            }
        }

        private func labels(_ guest: Guest) -> [String: String] {
            ["domain": guest.name, "uuid": guest.uuid]
        }

        private func labels(_ guest: Guest, _ name: String, _ value: String) -> [String: String] {
            labels(guest).merging([name: value]) { $1 }
        }

        private func isUnresponsive(_ guest: Guest, in metrics: Exposition) throws -> Bool {
            try metrics.value("libvirt_domain_memory_stats_status", labels(guest, "status", "unresponsive")) == 1
        }

        /// Every scrape came in its time, and has all that there is to say of these guests.
        private func expectWhole(_ guests: ArraySlice<Guest>, in records: [ScrapeRecorder.Record]) throws {
            try expectInTime(records)
            for record in records {
                #expect(try record.exposition.value("libvirt_up") == 1)
                for guest in guests {
                    #expect(try record.exposition.memory("rss_bytes", guest) != nil)
                    #expect(try record.exposition.memory("actual_balloon_bytes", guest) != nil)
                    #expect(try record.exposition.value("libvirt_domain_info_virtual_cpus", labels(guest)) == 1)
                }
            }
        }

        private func expectInTime(_ records: [ScrapeRecorder.Record]) throws {
            #expect(records.count > 1)
            let slowest = try #require(records.map(\.duration).max())
            #expect(slowest < ScrapeRecorder.timeout)
            print("\(records.count) scrapes, the slowest took \(slowest)")
        }
    }
}
