import Testing

extension EndToEndTests {
    /// From a guest's memory to whoever is woken: guests, exporter, Prometheus with the project's rules, Alertmanager.
    @Suite struct AlertChainTests {
        @Test func whatHappensToAGuestReachesAlertmanagerAndNothingElse() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "busy", memoryMebibytes: 256),
                    GuestSpecification(name: "hung"),
                    GuestSpecification(name: "mute", hasDriver: false)
                )
                let (busy, hung) = (guests[0], guests[1])
                let alertmanager = try await testbed.startAlerting(scraping: try await testbed.startExporter())

                let mute = ["LibvirtGuestStatisticsMissing no_driver"]
                try await expect(mute, at: alertmanager)
                let alert = try #require(try await alertmanager.alerts().first)
                #expect(alert.annotations["summary"]?.starts(with: "1 guests") == true)
                #expect(alert.annotations["description"]?.contains("modprobe virtio_balloon") == true)

                // 7 % of the guest's memory is left: less than the warning's 10 %, more than the critical 5 %.
                let memory = try busy.memory()
                let wanted = try (memory["MemAvailable"] - memory["MemTotal"] * 7 / 100) / 1024
                try await busy.fill(mebibytes: Int(wanted))
                try await expect(mute + ["LibvirtGuestMemoryLow busy"], at: alertmanager)
                try await busy.fill(mebibytes: 0)
                try await expect(mute, at: alertmanager)

                try await hung.freeze()
                let hungToo = mute + ["LibvirtGuestUnresponsive hung"]
                try await expect(hungToo, at: alertmanager)
                // And so it stays: no alert on memory follows from figures that are gone.
                for _ in 1...10 {
                    try await Task.sleep(for: .milliseconds(500))
                    #expect(try await names(at: alertmanager) == Set(hungToo))
                }
                try await hung.thaw()
                try await expect(mute, at: alertmanager)
            }
        }

        /// Waits until just these alerts fire.
        private func expect(_ expected: [String], at alertmanager: AlertmanagerServer) async throws {
            try await eventually(within: .seconds(40)) {
                let names = try await self.names(at: alertmanager)
                try require(names == Set(expected), "\(names.sorted()) are \(expected.sorted())")
            }
        }

        private func names(at alertmanager: AlertmanagerServer) async throws -> Set<String> {
            Set(try await alertmanager.alerts().map { "\($0.name) \($0.domain ?? $0.labels["reason"] ?? "")" })
        }
    }
}
