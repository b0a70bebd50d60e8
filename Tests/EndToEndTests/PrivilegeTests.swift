import Foundation
import Testing

extension EndToEndTests {
    /// Two processes of two users: what faces the network can't change a guest, and what changes guests faces no network.
    @Suite struct PrivilegeTests {
        @Test func theExporterSeesThePeriodsThatAnotherProcessSets() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(
                    GuestSpecification(name: "guest", balloon: .virtio(period: nil))
                )
                try await restrictReadWriteSocket(of: testbed)
                let exporter = try await testbed.startExporter(of: .exporter)
                try await eventually(within: .seconds(10)) {
                    try require(try await exporter.scrape().status(of: guest) == "no_period", "nobody asks the guest")
                }
                try await Task.sleep(for: .seconds(2))
                #expect(try await exporter.scrape().status(of: guest) == "no_period")

                let notify = try NotifySocket(path: testbed.directory.appending(path: "notify").path)
                let period = try await testbed.start(
                    try UnitFile.period.sandboxedCommand(testbed.directory) + ["--memory-stats.period=1s"],
                    environment: notify.environment(watchdogSeconds: 2)
                )
                try await eventually(within: .seconds(10)) {
                    let metrics = try await exporter.scrape()
                    try require(
                        try metrics.status(of: guest) == "ok",
                        "the guest is asked: \(try period.outputSoFar()) \(notify.assignments)"
                    )
                    try require(try metrics.memory("period_seconds", guest) == 1, "its period is known")
                }
                // One that starts now has its period from its first second, and is never said to lack a driver.
                let newcomer = try await Guest.start(
                    GuestSpecification(name: "newcomer", balloon: .virtio(period: nil), hasSystem: false),
                    libvirtd: testbed.libvirtd
                )
                try await eventually(within: .seconds(5)) {
                    let period = try await exporter.scrape().memory("period_seconds", newcomer)
                    try require(period == 1, "its period is known: \(period ?? -1)")
                }
                let uri = "qemu:///system"
                try await eventually(within: .seconds(5)) {
                    try require(
                        notify.status == "watching 2 domains of \(uri), 0 without a statistics period",
                        "\(notify.assignments)"
                    )
                }

                try await expectOnlyReading(testbed)
                try expectNoNetwork(processID(of: period))
                #expect(notify.count("WATCHDOG=1") > 1)
                await period.send(SIGTERM)
                #expect(try await period.exitStatus(within: .seconds(5)) == 0)
                #expect(notify.count("STOPPING=1") == 1)
            }
        }

        @Test func theExportersUserIsRefusedWhatThePeriodsUserMay() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(
                    GuestSpecification(name: "guest", balloon: .virtio(period: nil), hasSystem: false)
                )
                try await restrictReadWriteSocket(of: testbed)
                let setPeriod = ["dommemstat", guest.uuid, "--period", "7", "--live"]
                func attempt(_ unit: UnitFile, _ flags: [String]) async throws -> (status: Int32, said: String) {
                    let command = TestbedFiles.program("virsh") + ["--connect", "qemu:///system"] + flags + setPeriod
                    let outcome = try await ChildProcess.outcome(of: unit.sandboxed(command, testbed.directory))
                    return (outcome.status, String(decoding: outcome.errors, as: UTF8.self))
                }
                let byReading = try await attempt(.exporter, ["--readonly"])
                #expect(byReading.status != 0)
                #expect(byReading.said.contains("read only access prevents"), "\(byReading.said)")
                let byWriting = try await attempt(.exporter, [])
                #expect(byWriting.status != 0)
                #expect(byWriting.said.contains("Permission denied"), "\(byWriting.said)")
                #expect(!(try await guest.xml()).contains("<stats"))

                #expect(try await attempt(.period, []).status == 0)
                #expect((try await guest.xml()).contains("<stats period='7'/>"))
            }
        }

        /// Leaves libvirt's read-write socket to root and the user of the period's unit.
        private func restrictReadWriteSocket(of testbed: Testbed) async throws {
            let path = testbed.directory.appending(path: "libvirt-sock").path
            let change = "chown 0:\(UnitFile.period.user) \(path) && chmod 0660 \(path)"
            let asRoot = getuid() == 0 ? [] : ["/usr/bin/sudo", "--non-interactive"]
            _ = try await ChildProcess.run(asRoot + ["/bin/sh", "-c", change])
        }

        /// The exporter's connections are read-only, as libvirtd sees them, and the other one's too, once every domain has
        /// its period.
        private func expectOnlyReading(_ testbed: Testbed) async throws {
            try await eventually(within: .seconds(5)) {
                var readOnly: [Int: [Bool]] = [:]
                for line in try await testbed.libvirtd.virtAdmin("client-list", "libvirtd").split(separator: "\n") {
                    guard let id = line.split(separator: " ").first.flatMap({ Int($0) }) else { continue }
                    let info = try await testbed.libvirtd.virtAdmin("client-info", "libvirtd", "\(id)")
                    guard let user = info.firstMatch(of: /unix_user_id\s*: (\d+)/).flatMap({ Int($0.1) }),
                        let access = info.firstMatch(of: /readonly\s*: (\w+)/)
                    else { throw TestbedError("virt-admin says \(info)") }
                    readOnly[user, default: []].append(access.1 == "yes")
                }
                try require(
                    readOnly == [UnitFile.exporter.user: [true, true, true], UnitFile.period.user: [true, true]],
                    "all clients read only: \(readOnly)"
                )
            }
        }

        /// The process has no socket of the network, in a network of its own with nothing in it.
        private func expectNoNetwork(_ process: Int) throws {
            for table in ["tcp", "tcp6", "udp", "udp6", "raw", "packet"] {
                let lines = try procLines("/proc/\(process)/net/\(table)")
                #expect(lines.count == 1, "\(table): \(lines)")
            }
            let devices = try procLines("/proc/\(process)/net/dev")
            // Two lines of headings, and the loopback device, which is down.
            #expect(devices.count == 3)
        }

        private func processID(of process: ChildProcess) throws -> Int {
            let match = try process.outputSoFar().firstMatch(of: /sandbox: process (\d+)/)
            return try present(match.flatMap { Int($0.1) }, "process of the sandbox")
        }
    }
}
