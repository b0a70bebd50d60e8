import Testing

extension EndToEndTests {
    /// Scrapes, churn and faults together, for SOAK_SECONDS (`make soak` has ten minutes): at the end the exporter holds
    /// no more than at the start.
    @Suite struct SoakTests {
        /// What the exporter holds, by its own account.
        private struct Holdings: CustomStringConvertible {
            let residentMebibytes: Double
            let threads: Double
            let descriptors: Double

            init(_ metrics: Exposition) throws {
                residentMebibytes = try present(metrics.value("process_resident_memory_bytes"), "RSS") / 1_048_576
                threads = try present(metrics.value("process_threads"), "number of threads")
                descriptors = try present(metrics.value("process_open_fds"), "number of descriptors")
            }

            var description: String { "\(residentMebibytes) MiB, \(threads) threads, \(descriptors) descriptors" }
        }

        @Test func nothingPilesUp() async throws {
            try await Testbed.run { testbed in
                var guests: [Guest] = []
                for number in 1...6 {
                    guests.append(
                        try await testbed.startGuest(GuestSpecification(name: "guest-\(number)", hasSystem: false))
                    )
                }
                let exporter = try await testbed.startExporter()
                // The first round warms caches and pools up: what it leaves is the measure for all that follow.
                let recorder = ScrapeRecorder()
                _ = try await recorder.recording(exporter) { try await round(0, testbed, guests, exporter) }
                let before = try await holdings(of: exporter)

                let end = ContinuousClock.now + .seconds(soakSeconds)
                var rounds = 1
                let records = try await recorder.recording(exporter) {
                    while .now < end {
                        try await round(rounds, testbed, guests, exporter)
                        rounds += 1
                    }
                }
                let after = try await holdings(of: exporter)

                let slowest = try #require(records.map(\.duration).max())
                print("\(rounds) rounds, \(records.count) scrapes, the slowest took \(slowest)")
                print("before: \(before)\nafter: \(after)")
                #expect(slowest < ScrapeRecorder.timeout)
                #expect(after.threads <= before.threads + 2)
                #expect(after.descriptors <= before.descriptors + 2)
                #expect(after.residentMebibytes <= before.residentMebibytes + 8)
            }
        }

        /// One of everything that can happen.
        private func round(
            _ number: Int,
            _ testbed: Testbed,
            _ guests: [Guest],
            _ exporter: ExporterProcess
        ) async throws {
            let newcomer = try await testbed.startGuest(
                GuestSpecification(name: "newcomer", balloon: .virtio(period: nil), hasSystem: false)
            )
            let frozen = guests[number % guests.count]
            try await frozen.freeze()
            try await Task.sleep(for: .seconds(3))
            try await frozen.thaw()
            try await newcomer.destroy()

            if number.isMultiple(of: 3) {
                try await testbed.libvirtd.kill()
                try await Task.sleep(for: .seconds(1))
                try await testbed.libvirtd.start()
            }
            try await untilWhole(guests, exporter)
        }

        private func untilWhole(_ guests: [Guest], _ exporter: ExporterProcess) async throws {
            try await eventually(within: .seconds(20)) {
                let metrics = try await exporter.scrape()
                for guest in guests {
                    try require(try metrics.memory("rss_bytes", guest) != nil, "\(guest.name) has figures")
                }
                try require(try metrics.value("libvirt_exporter_abandoned_calls") == 0, "no call is left behind")
            }
        }

        /// What it holds once the connections that it gave up are closed.
        private func holdings(of exporter: ExporterProcess) async throws -> Holdings {
            try await Task.sleep(for: .seconds(2))
            return try Holdings(try await exporter.scrape())
        }
    }
}
