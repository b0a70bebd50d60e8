import Foundation
import Testing

extension EndToEndTests {
    /// Containers of libvirt's LXC driver, which has no statistics of guests.
    @Suite struct ContainerTests {
        @Test func aContainerHasWhatItsControlGroupTells() async throws {
            try await Testbed.run(driver: .lxc) { testbed in
                let container = try await Container.start("c", filledMebibytes: 24, libvirtd: testbed.libvirtd)
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(try metrics.value("libvirt_up") == 1, "connected to libvirt")
                    try require(try metrics.status(of: container) == "unsupported", "it has no guest statistics")
                    // Beside what fills it, there is a shell.
                    let rss = try present(try metrics.memory("rss_bytes", container), "rss") / mebibyte
                    try require((24..<40).contains(rss), "24 MiB are filled: \(rss)")
                    let usage =
                        try present(try metrics.domain("info_memory_usage_bytes", container), "usage") / mebibyte
                    try require((24..<40).contains(usage), "24 MiB are filled: \(usage)")
                }
                let metrics = try await exporter.scrape()
                #expect(metrics.states(of: container) == ["running"])
                #expect(try metrics.domain("info_maximum_memory_bytes", container) == 64 * mebibyte)
                #expect(try #require(try metrics.domain("info_cpu_time_seconds_total", container)) > 0)
                let info = metrics.samples("libvirt_domain_info", ["uuid": container.uuid]).map(\.labels)
                #expect(info.map { $0["type"] } == ["lxc"] && info.map { $0["os_type"] } == ["exe"])
                // All else that libvirt calls a memory statistic is something else there.
                let statistics = metrics.samples.filter { $0.labels["uuid"] == container.uuid }.map(\.name)
                    .filter { $0.hasPrefix("libvirt_domain_memory_stats_") }
                #expect(
                    Set(statistics) == ["libvirt_domain_memory_stats_rss_bytes", "libvirt_domain_memory_stats_status"]
                )
            }
        }

        @Test func theLimitsOfAContainerAreThere() async throws {
            try await Testbed.run(driver: .lxc) { testbed in
                let limited = try await Container.start(
                    "limited",
                    filledMebibytes: 1,
                    hardLimitMebibytes: 96,
                    libvirtd: testbed.libvirtd
                )
                let plain = try await Container.start("plain", filledMebibytes: 1, libvirtd: testbed.libvirtd)
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(metrics.limits(of: limited) == ["hard": 96], "\(metrics.limits(of: limited))")
                    // Without a limit of its own, LXC holds it to its memory.
                    try require(metrics.limits(of: plain) == ["hard": 64], "\(metrics.limits(of: plain))")
                }
            }
        }

        @Test func nothingIsLeftOfAContainer() async throws {
            nonisolated(unsafe) var kept: String?
            try await Testbed.run(driver: .lxc) { testbed in
                let container = try await Container.start("c", filledMebibytes: 1, libvirtd: testbed.libvirtd)
                #expect(try !Self.controlGroups(of: container.name).isEmpty)
                kept = container.name
            }
            #expect(try Self.controlGroups(of: try #require(kept)) == [])
        }

        /// The control groups of a container, in one hierarchy or in one for each controller.
        private static func controlGroups(of name: String) throws -> [String] {
            let root = "/sys/fs/cgroup"
            let hierarchies = try ["."] + FileManager.default.contentsOfDirectory(atPath: root)
            return hierarchies.flatMap { hierarchy in
                // Only where libvirt had containers there is such a folder.
                (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(hierarchy)/machine")) ?? []
            }.filter { $0.contains(name) }
        }
    }
}

extension Exposition {
    /// The limits of a domain's memory in MiB, by their names.
    fileprivate func limits(of domain: some LibvirtDomain) -> [String: Double] {
        samples("libvirt_domain_memory_limit_bytes", ["domain": domain.name, "uuid": domain.uuid])
            .reduce(into: [:]) { $0[$1.labels["limit"] ?? ""] = $1.value / mebibyte }
    }
}
