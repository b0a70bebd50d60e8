import Foundation
import Testing

extension EndToEndTests {
    /// The host beside its guests, and the collectors that a scrape may choose.
    @Suite struct HostTests {
        @Test func theHostsMemoryIsThatOfItsKernel() async throws {
            try await Testbed.run { testbed in
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(15)) {
                    let before = try Self.memoryInformation()
                    let metrics = try await exporter.scrape()
                    let after = try Self.memoryInformation()
                    try require(
                        try metrics.value("libvirt_host_memory_total_bytes") == before["MemTotal"],
                        "total is MemTotal"
                    )
                    // Other processes move these meanwhile: a moment of rest comes.
                    for (series, name) in [("free", "MemFree"), ("buffers", "Buffers"), ("cached", "Cached")] {
                        let value = try present(try metrics.value("libvirt_host_memory_\(series)_bytes"), series)
                        let bounds = try [before, after].map { try present($0[name], name) }
                        let range = (bounds.min()! - 8 * mebibyte)...(bounds.max()! + 8 * mebibyte)
                        try require(range.contains(value), "\(series) is \(name): \(value) in \(range)")
                    }
                }
            }
        }

        @Test func theHostsHugePagesAreThoseOfItsKernel() async throws {
            try await Testbed.run { testbed in
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    for (series, file) in [("total", "nr_hugepages"), ("free", "free_hugepages")] {
                        let figures: [[String]: Double] = try metrics.samples("libvirt_host_hugepages_\(series)_pages")
                            .reduce(into: [:]) {
                                let labels = [
                                    try present($1.labels["cell"], "cell"), try present($1.labels["page_size"], "size"),
                                ]
                                $0[labels] = $1.value
                            }
                        let expected = try Self.hugePages(file)
                        try require(!expected.isEmpty, "the kernel of this host has pools of huge pages")
                        try require(figures == expected, "\(series) is \(file): \(figures), not \(expected)")
                    }
                }
            }
        }

        @Test func withoutItsCollectorTheHostIsNotAskedFor() async throws {
            try await Testbed.run { testbed in
                let log = LibvirtCallLog(file: testbed.directory.appending(path: "calls.log"))
                let with = try await testbed.startExporter(environment: log.environment)
                try await eventually(within: .seconds(10)) {
                    let metrics = try await with.scrape()
                    try require(metrics.samples.contains { Self.isOfHost($0) }, "the host has figures")
                }
                #expect(try log.calls().keys.contains { $0.hasPrefix("virNode") })

                let silentLog = LibvirtCallLog(file: testbed.directory.appending(path: "silent-calls.log"))
                let without = try await testbed.startExporter("--no-collector.host", environment: silentLog.environment)
                try await eventually(within: .seconds(10)) {
                    try require(try await without.scrape().value("libvirt_up") == 1, "connected to libvirt")
                }
                #expect(try await !without.scrape().samples.contains { Self.isOfHost($0) })
                let calls = try silentLog.calls()
                #expect(calls["virConnectListAllDomains", default: 0] > 0)
                #expect(!calls.keys.contains { $0.hasPrefix("virNode") }, "\(calls)")
            }
        }

        @Test(arguments: ["domain", "memory_stats", "events", "limits", "openstack", "host"])
        func aCollectorThatIsTurnedOffCannotBeChosen(name: String) async throws {
            try await Testbed.run(startingLibvirtd: false) { testbed in
                for (flag, status) in [("--collector.\(name)", 200), ("--no-collector.\(name)", 400)] {
                    let exporter = try await testbed.startExporter("--libvirt.uri=test:///default", flag)
                    #expect(try await exporter.get("/metrics?collect[]=\(name)").status == status, "\(flag)")
                }
            }
        }

        @Test func aScrapeChoosesItsCollectors() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                let exporter = try await testbed.startExporter("--no-collector.events")
                let whole = try await exporter.scrapeWithDomains()
                #expect(whole.samples.contains { Self.isOfHost($0) })

                let hostAlone = try await exporter.get("/metrics?collect[]=host")
                #expect(hostAlone.status == 200)
                let hostMetrics = try Exposition(hostAlone.text)
                #expect(hostMetrics.samples.contains { Self.isOfHost($0) })
                #expect(hostMetrics.domains.isEmpty)
                #expect(try hostMetrics.value("libvirt_up") == 1)

                let hostExcluded = try await exporter.get("/metrics?exclude[]=host&exclude[]=memory_stats")
                #expect(hostExcluded.status == 200)
                let domainMetrics = try Exposition(hostExcluded.text)
                #expect(!domainMetrics.samples.contains { Self.isOfHost($0) })
                #expect(try domainMetrics.memory("rss_bytes", guest) == nil)
                #expect(try domainMetrics.domain("info_maximum_memory_bytes", guest) == 16 * mebibyte)

                for query in ["collect[]=nothing", "exclude[]=nothing", "collect[]=host&exclude[]=domain"] {
                    #expect(try await exporter.get("/metrics?\(query)").status == 400, "\(query)")
                }
                let turnedOff = try await exporter.get("/metrics?collect[]=events")
                #expect(turnedOff.status == 400)
                #expect(turnedOff.text.contains("events"))
            }
        }

        private static func isOfHost(_ sample: Sample) -> Bool { sample.name.hasPrefix("libvirt_host_") }

        /// /proc/meminfo, in bytes.
        private static func memoryInformation() throws -> [String: Double] {
            try String(contentsOfFile: "/proc/meminfo", encoding: .utf8).split(separator: "\n")
                .reduce(into: [:]) { values, line in
                    let words = line.split { " :".contains($0) }
                    values[String(words[0])] = Double(words[1]).map { $0 * 1024 }
                }
        }

        /// The figures in this file of the kernel's pools, by the NUMA cell and the size of a page in bytes.
        private static func hugePages(_ file: String) throws -> [[String]: Double] {
            let nodes = "/sys/devices/system/node"
            let listing = FileManager.default
            var figures: [[String]: Double] = [:]
            for node in try listing.contentsOfDirectory(atPath: nodes) {
                guard let cell = node.wholeMatch(of: /node([0-9]+)/)?.1 else { continue }
                for pool in try listing.contentsOfDirectory(atPath: "\(nodes)/\(node)/hugepages") {
                    let size = try present(pool.wholeMatch(of: /hugepages-([0-9]+)kB/).flatMap { Int($0.1) }, pool)
                    let figure = try String(
                        contentsOfFile: "\(nodes)/\(node)/hugepages/\(pool)/\(file)",
                        encoding: .utf8
                    )
                    figures[["\(cell)", "\(size * 1024)"]] = Double(figure.trimmingCharacters(in: .newlines))
                }
            }
            return figures
        }
    }
}
