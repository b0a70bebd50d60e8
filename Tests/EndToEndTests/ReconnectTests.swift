import Testing

extension EndToEndTests {
    /// libvirtd that isn't there yet, or ends.
    @Suite struct ReconnectTests {
        /// A scrape answers at once, whatever libvirtd does.
        private static let atOnce = Duration.seconds(1)

        @Test func anExporterThatWasThereFirstFindsLibvirtd() async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                let exporter = try await testbed.startExporter()
                try await expectDown(exporter)
                // Long enough for the exporter to be tired of trying.
                try await Task.sleep(for: .seconds(8))
                try await expectDown(exporter)

                try await testbed.libvirtd.start()
                try await eventually(within: .seconds(10)) {
                    try require(try await exporter.scrape().value("libvirt_up") == 1, "libvirt_up is 1")
                }
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                try await exporter.waitForFigures(of: guest)
            }
        }

        @Test func figuresAreBackAfterLibvirtdWasKilled() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                let hasFigures: @Sendable () async throws -> Void = {
                    let metrics = try await exporter.scrape()
                    try require(try metrics.value("libvirt_up") == 1, "libvirt_up is 1")
                    try require(try metrics.memory("usable_bytes", guest) != nil, "the guest has figures")
                }
                try await eventually(within: .seconds(10), hasFigures)

                try await testbed.libvirtd.kill()
                try await expectDown(exporter)
                try await Task.sleep(for: .seconds(3))
                try await expectDown(exporter)

                try await testbed.libvirtd.start()
                try await eventually(within: .seconds(10), hasFigures)
                // Guests that start now are noticed: the events are back as well.
                let newcomer = try await testbed.startGuest(
                    GuestSpecification(name: "newcomer", balloon: .virtio(period: nil), hasSystem: false)
                )
                try await eventually(within: .seconds(2)) {
                    let xml = try await newcomer.xml()
                    try require(xml.contains("<stats period='10'/>"), "the period is set: \(xml)")
                }
            }
        }

        @Test func aLibvirtdThatTakesConnectionsAndNeverAnswersIsSaidToDoSo() async throws {
            try await Testbed.run { testbed in
                try await testbed.libvirtd.freeze()
                let exporter = try await testbed.startExporter()
                let warnings: @Sendable () throws -> [Substring] = {
                    try exporter.process.outputSoFar().split(separator: "\n").filter { $0.contains("level=warn") }
                }
                try await eventually(within: .seconds(30)) {
                    try require(try !warnings().isEmpty, "there is a warning")
                }
                // Only until then a scrape waits for the first connection.
                try await expectDown(exporter)
                try await testbed.libvirtd.thaw()
                try await eventually(within: .seconds(10)) {
                    try require(try await exporter.scrape().value("libvirt_up") == 1, "libvirt_up is 1")
                }
                #expect(try warnings().count == 1)
                #expect(try warnings().first?.contains("no answer within 10s") == true)
            }
        }

        /// libvirt is away: the scrape says so, at once, and nothing of any domain.
        private func expectDown(
            _ exporter: ExporterProcess,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let response = try await exporter.get("/metrics")
            #expect(response.status == 200, sourceLocation: sourceLocation)
            #expect(response.duration < Self.atOnce, sourceLocation: sourceLocation)
            let metrics = try Exposition(response.text)
            #expect(try metrics.value("libvirt_up") == 0, sourceLocation: sourceLocation)
            #expect(metrics.domains.isEmpty, sourceLocation: sourceLocation)
            #expect(metrics.types["libvirt_exporter_build_info"] != nil, sourceLocation: sourceLocation)
        }
    }
}
