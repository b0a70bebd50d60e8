import Foundation
import Testing

extension EndToEndTests {
    /// What happens to a guest while it runs, and the exporter hears from libvirt.
    @Suite struct EventTests {
        @Test func theBalloonFollowsWhoSetsIt() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(try metrics.memory("usable_bytes", guest) != nil, "the guest has figures")
                    try require(try metrics.domain("balloon_changes_total", guest) == 0, "nothing has changed")
                }
                try await testbed.libvirtd.virsh("setmem", guest.uuid, "100MiB", "--live")
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    let actual = try metrics.memory("actual_balloon_bytes", guest)
                    try require(
                        actual == 100 * mebibyte,
                        "the balloon has grown, actual is \(String(describing: actual))"
                    )
                    try require(
                        try metrics.domain("info_memory_usage_bytes", guest) == 100 * mebibyte,
                        "the guest is given less"
                    )
                    let changes = try present(try metrics.domain("balloon_changes_total", guest), "count")
                    try require(changes >= 1, "the change is counted")
                    try require(
                        try metrics.domain("info_maximum_memory_bytes", guest) == 128 * mebibyte,
                        "the maximum stays"
                    )
                }
            }
        }

        @Test func aResetIsAReboot() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                let usable: @Sendable () async throws -> Double = {
                    try present(try await exporter.scrape().memory("usable_bytes", guest), "usable")
                }
                let empty = try await eventually(within: .seconds(10)) { try await usable() }
                #expect(try await exporter.scrape().domain("reboots_total", guest) == 0)
                try await guest.fill(mebibytes: 24)
                try await eventually(within: .seconds(10)) {
                    try require(try await usable() < empty - 20 * mebibyte, "the guest is filled")
                }

                try await testbed.libvirtd.virsh("reset", guest.uuid)
                try await eventually(within: .seconds(2)) {
                    try require(
                        try await exporter.scrape().domain("reboots_total", guest) == 1,
                        "the reboot is counted"
                    )
                }
                // What filled it is gone: these are the figures of the guest that booted anew.
                try await eventually(within: .seconds(30)) {
                    try require(try await usable() > empty - 4 * mebibyte, "the guest is empty")
                    try require(try await exporter.scrape().status(of: guest) == "ok", "its driver answers again")
                }
                // SeaBIOS resets the machine twice more, which is no other reboot.
                #expect(try await exporter.scrape().domain("reboots_total", guest) == 1)
            }
        }

        @Test func theTitleFollows() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "guest", hasSystem: false),
                    GuestSpecification(name: "neighbour", hasSystem: false)
                )
                let exporter = try await testbed.startExporter()
                let titles: @Sendable () async throws -> [String?] = {
                    let metrics = try await exporter.scrape()
                    return guests.map {
                        metrics.samples("libvirt_domain_info", ["uuid": $0.uuid]).first?.labels["title"]
                    }
                }
                try await eventually(within: .seconds(10)) {
                    let titles = try await titles()
                    try require(titles == ["", ""], "they have no titles: \(titles)")
                }
                let title = "the \"db\" of \\R&D <🦊>"
                try await testbed.libvirtd.virsh("desc", guests[0].uuid, "--title", "--live", title)
                try await eventually(within: .seconds(2)) {
                    let titles = try await titles()
                    try require(titles == [title, ""], "the title follows: \(titles)")
                }
            }
        }

        @Test func definingAndUndefiningARunningGuestCostsNothing() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(10)) {
                    try require(try await exporter.scrape().status(of: guest) == "ok", "the guest has figures")
                }
                let xml = testbed.directory.appending(path: "live.xml")
                try await guest.xml().write(to: xml, atomically: true, encoding: .utf8)
                for command in [["define", xml.path], ["undefine", guest.uuid], ["define", xml.path]] {
                    try await testbed.libvirtd.virsh(command)
                    // Long enough for the event to arrive.
                    for _ in 0..<4 {
                        try await Task.sleep(for: .milliseconds(250))
                        let metrics = try await exporter.scrape()
                        #expect(try metrics.status(of: guest) == "ok", "\(command[0])")
                        #expect(try metrics.memory("usable_bytes", guest) != nil, "\(command[0])")
                        #expect(try metrics.memory("period_seconds", guest) == 1, "\(command[0])")
                    }
                }
            }
        }

        @Test func aMemoryDeviceIsSeenToGrow() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", memoryDeviceMebibytes: 128))
                let exporter = try await testbed.startExporter()
                let before = try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(
                        metrics.memoryDevice(guest) == ["size": 128, "requested": 0, "current": 0],
                        "nothing is requested of the device: \(metrics.memoryDevice(guest))"
                    )
                    try require(try metrics.domain("memory_device_resizes_total", guest) == 0, "it has not changed")
                    return try present(try metrics.memory("available_bytes", guest), "available")
                }
                try await testbed.libvirtd.virsh(
                    "update-memory-device",
                    guest.uuid,
                    "--requested-size",
                    "64MiB",
                    "--live"
                )
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(
                        metrics.memoryDevice(guest) == ["size": 128, "requested": 64, "current": 64],
                        "the guest takes what is requested: \(metrics.memoryDevice(guest))"
                    )
                    let resizes = try present(try metrics.domain("memory_device_resizes_total", guest), "count")
                    try require(resizes >= 1, "the change is counted")
                    let grown =
                        (try present(try metrics.memory("available_bytes", guest), "available") - before) / mebibyte
                    try require((56...64).contains(grown), "the guest's total grows by 64 MiB, or nearly: \(grown)")
                }
            }
        }
    }
}

extension Exposition {
    /// The figures of the guest's one memory device, in MiB.
    fileprivate func memoryDevice(_ guest: Guest) -> [String: Double] {
        ["size", "requested", "current"].reduce(into: [:]) { figures, name in
            let found = samples(
                "libvirt_domain_memory_device_\(name)_bytes",
                ["uuid": guest.uuid, "device": "virtiomem0"]
            )
            if found.count == 1 { figures[name] = found[0].value / mebibyte }
        }
    }
}
