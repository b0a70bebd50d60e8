import Testing

extension EndToEndTests {
    /// Guests that start and end while the exporter runs, and their period.
    @Suite struct DomainsComeAndGoTests {
        @Test func aGuestThatStartsAppearsAndIsAskedForItsStatistics() async throws {
            try await Testbed.run { testbed in
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    try require(try await exporter.scrape().value("libvirt_up") == 1, "connected to libvirt")
                }
                let withoutPeriod = try await Guest.start(
                    GuestSpecification(name: "without-period", balloon: .virtio(period: nil)),
                    libvirtd: testbed.libvirtd
                )
                try await eventually(within: .seconds(2)) {
                    let xml = try await withoutPeriod.xml()
                    try require(xml.contains("<stats period='10'/>"), "the period is set: \(xml)")
                }
                try await eventually(within: .seconds(1)) {
                    let period = try await exporter.scrape().memory("period_seconds", withoutPeriod)
                    try require(period == 10, "the exporter says the period, not \(String(describing: period))")
                }

                let withPeriod = try await Guest.start(
                    GuestSpecification(name: "with-period", balloon: .virtio(period: 3)),
                    libvirtd: testbed.libvirtd
                )
                try await eventually(within: .seconds(2)) {
                    let period = try await exporter.scrape().memory("period_seconds", withPeriod)
                    try require(period == 3, "the exporter knows the period, says \(String(describing: period))")
                }
                try await withPeriod.booted()
                #expect(try await withPeriod.xml().contains("<stats period='3'/>"))

                try await withoutPeriod.booted()
                try await eventually(within: .seconds(25)) {
                    let metrics = try await exporter.scrape()
                    for guest in [withoutPeriod, withPeriod] {
                        let usable = try metrics.memory("usable_bytes", guest)
                        try require(usable != nil, "\(guest.name) has figures")
                    }
                }
            }
        }

        @Test func aGuestThatRanBeforeIsAskedToo() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(
                    GuestSpecification(name: "guest", balloon: .virtio(period: nil), hasSystem: false)
                )
                _ = try await testbed.startExporter("--memory-stats.period=7")
                try await eventually(within: .seconds(5)) {
                    let xml = try await guest.xml()
                    try require(xml.contains("<stats period='7'/>"), "the period is set: \(xml)")
                }
            }
        }

        @Test func aGuestThatWasDefinedLongBeforeItStartsIsAskedAtOnceEachTime() async throws {
            try await Testbed.run { testbed in
                let notify = try NotifySocket(path: testbed.directory.appending(path: "notify").path)
                let keeper = try await testbed.startPeriod(telling: notify, watchdogSeconds: 10)
                let specification = GuestSpecification(name: "guest", balloon: .virtio(period: nil), hasSystem: false)
                try await eventually(within: .seconds(10)) {
                    try require(
                        try keeper.outputSoFar().contains("connected to the hypervisor"),
                        "connected to libvirt"
                    )
                }
                let guest = try await Guest.define(specification, libvirtd: testbed.libvirtd)
                // One that runs is seen after it: the events come in their order.
                let neighbour = try await testbed.startGuest(
                    GuestSpecification(name: "neighbour", balloon: .virtio(period: nil), hasSystem: false)
                )
                try await expectPeriod(of: neighbour)
                try await eventually(within: .seconds(10)) {
                    try require(notify.status?.contains("watching 1 domain ") == true, notify.status ?? "no status")
                }
                for _ in 1...2 {
                    try await guest.start()
                    try await expectPeriod(of: guest)
                    try await guest.destroy()
                }
            }
        }

        /// Its period is set now, and not only when periods are tried again, after a minute.
        private func expectPeriod(of guest: Guest) async throws {
            try await eventually(within: .seconds(10)) {
                let xml = try await guest.xml()
                try require(xml.contains("<stats period='10'/>"), "the period of \(guest.name) is set: \(xml)")
            }
        }

        @Test func periodZeroTouchesNothing() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(
                    GuestSpecification(name: "guest", balloon: .virtio(period: nil), hasSystem: false)
                )
                let exporter = try await testbed.startExporter("--memory-stats.period=0")
                #expect(try await exporter.scrapeWithDomains().memory("period_seconds", guest) == 0)
                // Elsewhere the period is set within a second.
                try await Task.sleep(for: .seconds(2))
                #expect(try await !guest.xml().contains("<stats"))
            }
        }

        @Test func aGuestThatEndsIsGoneAndItsNeighbourStays() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "goes"),
                    GuestSpecification(name: "stays")
                )
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    let usable = try guests.compactMap { try metrics.memory("usable_bytes", $0) }
                    try require(usable.count == 2, "both have figures")
                }
                try await guests[0].destroy()
                let metrics = try await exporter.scrape()
                #expect(metrics.domains == ["stays"])
                #expect(try metrics.memory("usable_bytes", guests[1]) != nil)
                #expect(try metrics.value("libvirt_up") == 1)
            }
        }
    }
}
