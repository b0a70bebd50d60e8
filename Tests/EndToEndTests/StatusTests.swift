import Testing

extension EndToEndTests {
    /// Why a guest's figures are missing or old, as the exporter says it of real guests.
    @Suite struct StatusTests {
        @Test func aGuestHasTheStatusOfItsKind() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "ok"),
                    GuestSpecification(name: "no_device", balloon: .absent),
                    GuestSpecification(name: "no_driver", hasDriver: false),
                    GuestSpecification(name: "no_period", balloon: .virtio(period: nil))
                )
                let exporter = try await testbed.startExporter("--memory-stats.period=0")
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    let statuses = try guests.map { try metrics.status(of: $0) }
                    try require(statuses == guests.map(\.name), "each has the status of its name: \(statuses)")
                }
            }
        }

        @Test func aGuestWithoutDriverHasTwoPeriodsToLoadIt() async throws {
            try await Testbed.run { testbed in
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    try require(try await exporter.scrape().value("libvirt_up") == 1, "connected to libvirt")
                }
                let start = ContinuousClock.now
                let guest = try await Guest.start(
                    GuestSpecification(name: "guest", balloon: .virtio(period: 4), hasDriver: false),
                    libvirtd: testbed.libvirtd
                )
                // The guest is known by its event, a moment after it is there, and nothing is said of its statistics yet.
                try await eventually(within: .seconds(2)) {
                    let metrics = try await exporter.scrape()
                    try require(metrics.domains.contains(guest.name), "the guest is known")
                    let status = metrics.samples("libvirt_domain_memory_stats_status", ["domain": guest.name])
                    try require(status.isEmpty, "the guest has its grace")
                }
                try await eventually(within: .seconds(15)) {
                    try require(try await exporter.scrape().status(of: guest) == "no_driver", "the grace is over")
                }
                #expect(start.duration(to: .now) > .seconds(8))
            }
        }

        @Test func aSilentDriverIsStaleAndAPausedGuestIsNot() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "silent"),
                    GuestSpecification(name: "paused"),
                    GuestSpecification(name: "neighbour")
                )
                let exporter = try await testbed.startExporter()
                _ = try await course(of: guests, by: exporter, within: .seconds(10)) { $0 == ["ok", "ok", "ok"] }

                let start = ContinuousClock.now
                try await guests[0].unloadDriver()
                try await guests[1].suspend()
                let silence = try await course(of: guests, by: exporter, within: .seconds(45)) { $0[0] == "stale" }
                #expect(silence == [["ok", "paused", "ok"], ["stale", "paused", "ok"]])
                // 30 s is the shortest silence that counts, and it began with the answer before, up to a period ago.
                #expect(start.duration(to: .now) > .seconds(28))
                let last = try await exporter.scrape()
                // What the driver said last is still there, with its time.
                #expect(try last.memory("usable_bytes", guests[0]) != nil)
                #expect(try last.memory("last_update_timestamp_seconds", guests[0]) != nil)

                try await guests[1].resume()
                try await guests[0].loadDriver()
                let recovery = try await course(of: guests, by: exporter, within: .seconds(10)) {
                    $0 == ["ok", "ok", "ok"]
                }
                // It was paused for longer than a silence may last, and yet its driver was never silent.
                #expect(recovery.allSatisfy { $0[1] == "ok" && $0[2] == "ok" }, "\(recovery)")
            }
        }

        @Test func aPeriodThatWasMadeLongerIsLearntWhenTheGuestSeemsSilent() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                _ = try await course(of: [guest], by: exporter, within: .seconds(10)) { $0 == ["ok"] }
                // libvirt has no event for it.
                try await testbed.libvirtd.virsh("dommemstat", guest.uuid, "--period", "60", "--live")
                try await eventually(within: .seconds(60)) {
                    let period = try await exporter.scrape().memory("period_seconds", guest)
                    try require(period == 60, "the period is known, not \(String(describing: period))")
                }
                let metrics = try await exporter.scrape()
                #expect(try metrics.status(of: guest) == "ok")
            }
        }

        @Test func aFrozenGuestCostsItsOwnFiguresAndNothingElse() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "frozen"),
                    GuestSpecification(name: "neighbour")
                )
                let exporter = try await testbed.startExporter()
                _ = try await course(of: guests, by: exporter, within: .seconds(10)) { $0 == ["ok", "ok"] }
                let (frozen, neighbour) = (guests[0], guests[1])
                let whole = try await exporter.scrape().seriesNames(of: neighbour)

                try await frozen.freeze()
                for number in 1...6 {
                    let timeout = 3
                    let response = try await exporter.get(
                        "/metrics",
                        fields: ["X-Prometheus-Scrape-Timeout-Seconds": "\(timeout)"]
                    )
                    #expect(response.duration < .seconds(timeout), "scrape \(number)")
                    let metrics = try Exposition(response.text)
                    #expect(try metrics.value("libvirt_up") == 1)
                    #expect(metrics.seriesNames(of: neighbour) == whole, "scrape \(number)")
                    #expect(try metrics.status(of: neighbour) == "ok")
                    #expect(try metrics.domain("monitor_unresponsive_seconds", neighbour) == nil)

                    #expect(try metrics.status(of: frozen) == "unresponsive", "scrape \(number)")
                    #expect(try #require(try metrics.domain("monitor_unresponsive_seconds", frozen)) > 0)
                    #expect(try metrics.memory("usable_bytes", frozen) == nil)
                    // What libvirt knows without asking QEMU.
                    #expect(metrics.states(of: frozen) == ["running"])
                    #expect(try metrics.domain("info_maximum_memory_bytes", frozen) == 128 * mebibyte)
                }

                try await frozen.thaw()
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(try metrics.status(of: frozen) == "ok", "it is well again")
                    try require(try metrics.domain("monitor_unresponsive_seconds", frozen) == nil, "it answers")
                    try require(metrics.seriesNames(of: frozen) == whole, "its figures are back")
                    try require(try metrics.value("libvirt_exporter_abandoned_calls") == 0, "no call is left behind")
                }
            }
        }

        /// Scrapes four times a second until the condition holds, and says through which statuses the guests went.
        private func course(
            of guests: [Guest],
            by exporter: ExporterProcess,
            within limit: Duration,
            until isOver: ([String]) -> Bool
        ) async throws -> [[String]] {
            let deadline = ContinuousClock.now + limit
            var course: [[String]] = []
            repeat {
                try require(ContinuousClock.now < deadline, "the course ends within \(limit): \(course)")
                try await Task.sleep(for: .milliseconds(250))
                let metrics = try await exporter.scrape()
                let statuses = try guests.map { try metrics.status(of: $0) }
                if course.last != statuses { course.append(statuses) }
            } while !isOver(course[course.count - 1])
            return course
        }
    }
}

extension Exposition {
    /// The names of all series that are about this guest.
    fileprivate func seriesNames(of guest: Guest) -> Set<String> {
        Set(samples.filter { $0.labels["uuid"] == guest.uuid }.map(\.name))
    }
}
