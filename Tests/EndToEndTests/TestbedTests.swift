import Foundation
import Testing

extension EndToEndTests {
    /// What the other tests rest on.
    @Suite struct TestbedTests {
        @Test func aGuestWithTheDriverAnswersWithWhatItsKernelSays() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                try await eventually(within: .seconds(15)) {
                    let statistics = try await guest.dommemstat()
                    let memory = try guest.memory()
                    try require(statistics["available"] == memory["MemTotal"], "available is MemTotal: \(statistics)")
                    try require(statistics["usable"] == memory["MemAvailable"], "usable is MemAvailable: \(statistics)")
                }
            }
        }

        @Test func aGuestFillsAndFreesMemoryWhenTold() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                let before = try guest.memory()["MemAvailable"]
                try await guest.fill(mebibytes: 40)
                try await eventually(within: .seconds(10)) {
                    try require(before - guest.memory()["MemAvailable"] > 39 * 1024, "40 MiB are filled")
                }
                try await guest.fill(mebibytes: 0)
                try await eventually(within: .seconds(10)) {
                    try require(before - 1024 < guest.memory()["MemAvailable"], "all is free again")
                }
            }
        }

        @Test func aGuestWithoutTheDriverNeverAnswers() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasDriver: false))
                try await Task.sleep(for: .seconds(2))
                let statistics = try await guest.dommemstat()
                #expect(statistics["last_update"] == 0)
                #expect(statistics["usable"] == nil)
            }
        }

        @Test func guestsOutliveLibvirtd() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "quote\"back\\slash <&> 🦊"))
                try await testbed.libvirtd.kill()
                await #expect(throws: TestbedError.self) { try await guest.dommemstat() }
                try await testbed.libvirtd.start()
                #expect(try await testbed.libvirtd.virsh("list", "--name") == "\(guest.name)\n\n")
                try await testbed.libvirtd.stop()
                try await testbed.libvirtd.start()
                #expect(try await testbed.libvirtd.virsh("domstate", guest.uuid) == "running\n\n")
            }
        }

        @Test func aFrozenGuestHoldsUpWhoAsksIt() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                try await guest.freeze()
                async let statistics = guest.dommemstat()
                try await eventually(within: .seconds(10)) {
                    let control = try await testbed.libvirtd.virsh("domcontrol", guest.uuid)
                    try require(control.hasPrefix("occupied"), "the monitor is stuck: \(control)")
                }
                try await guest.thaw()
                #expect(try await statistics["actual"] == 128 * 1024)
            }
        }

        @Test func nothingIsLeftOfATestbed() async throws {
            nonisolated(unsafe) var kept: (directory: URL, uuid: String)?
            try await Testbed.run { testbed in
                let guest = try await Guest.start(GuestSpecification(name: "guest"), libvirtd: testbed.libvirtd)
                kept = (testbed.directory, guest.uuid)
            }
            let (directory, uuid) = try #require(kept)
            #expect(!FileManager.default.fileExists(atPath: directory.path))
            let mounts = try procLines("/proc/self/mounts")
            #expect(!mounts.contains { $0.contains(directory.path) || $0.contains(TestbedFiles.prepared.path) })
            #expect(try !commandLines().contains { $0.contains(uuid) || $0.contains(directory.path) })
        }

        private func commandLines() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { Int($0) != nil }
                // A process may end in between.
                .compactMap { try? String(contentsOfFile: "/proc/\($0)/cmdline", encoding: .utf8) }
        }
    }
}
