import Foundation
import Testing

extension EndToEndTests {
    /// The units as systemd runs them, with all of their sandbox.
    @Suite struct SystemdTests {
        private static let (exporter, period) = ("libvirt-memory-exporter", "libvirt-memory-stats-period")

        @Test func bothUnitsDoTheirWorkInTheirSandbox() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(
                    GuestSpecification(name: "guest", balloon: .virtio(period: nil))
                )
                try await SystemdMachine.run(testbed.directory) { machine in
                    // Each is started once it says that it is ready.
                    try await machine.shell("systemctl start \(Self.exporter)")
                    try await eventually(within: .seconds(10)) {
                        try require(try await machine.scrape().status(of: guest) == "no_period", "nobody asks it")
                    }
                    try await machine.shell("systemctl start \(Self.period)")
                    try await eventually(within: .seconds(25)) {
                        let metrics = try await machine.scrape()
                        try require(try metrics.status(of: guest) == "ok", "it is asked")
                        try require(try metrics.memory("period_seconds", guest) == 10, "its period is known")
                    }
                    let metrics = try await machine.scrape()
                    for name in ["resident_memory_bytes", "start_time_seconds", "open_fds", "threads"] {
                        #expect(try metrics.value("process_\(name)") != nil, "\(name)")
                    }
                    try await eventually(within: .seconds(5)) {
                        let served = try await machine.shell("systemctl show --property StatusText \(Self.exporter)")
                        try require(served == "StatusText=serving 1 domain of qemu:///system, 1 report\n", served)
                    }
                    for unit in [Self.exporter, Self.period] { try await expectHeldTight(unit, on: machine) }

                    // What is stuck is ended and begins anew; a frozen guest is no reason.
                    try await machine.shell(
                        "systemctl show --property NRestarts \(Self.exporter) | grep -qx NRestarts=0"
                    )
                    try await machine.shell("systemctl stop \(Self.exporter) \(Self.period)")
                    for unit in [Self.exporter, Self.period] {
                        let ended = try await machine.shell("systemctl show --property Result \(unit)")
                        #expect(ended == "Result=success\n", "\(unit)")
                    }
                    let log = try await machine.shell("journalctl --no-pager --output cat")
                    #expect(!log.contains("BUG in libdispatch") && !log.contains("level=error"), "\(log)")
                }
            }
        }

        @Test func theWatchdogEndsAProcessThatIsStuckAndNoOther() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest"))
                try await SystemdMachine.run(testbed.directory) { machine in
                    let dropIn = "/run/systemd/system/\(Self.exporter).service.d"
                    try await machine.shell(
                        "mkdir -p \(dropIn) && printf '[Service]\\nWatchdogSec=3s\\nRestartSec=100ms\\n' "
                            + "> \(dropIn)/test.conf && systemctl daemon-reload && systemctl start \(Self.exporter)"
                    )
                    try await eventually(within: .seconds(10)) {
                        try require(try await machine.scrape().status(of: guest) == "ok", "the guest reports")
                    }
                    try await guest.freeze()
                    try await eventually(within: .seconds(10)) {
                        let status = try await machine.scrape().status(of: guest)
                        try require(status == "unresponsive", "the guest is frozen: \(status)")
                    }
                    try await Task.sleep(for: .seconds(5))
                    #expect(try await restarts(of: machine) == 0)
                    try await guest.thaw()

                    try await machine.shell("kill -STOP $(systemctl show --property MainPID --value \(Self.exporter))")
                    try await eventually(within: .seconds(20)) {
                        let count = try await restarts(of: machine)
                        try require(count == 1, "it was started anew: \(count)")
                    }
                    try await eventually(within: .seconds(10)) { _ = try await machine.scrape() }
                }
            }
        }

        @Test func aPassedSocketNeedsNoNetworkAndACredentialIsRead() async throws {
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                try await SystemdMachine.run(testbed.directory) { machine in
                    let dropIn = "/etc/systemd/system/\(Self.exporter).service.d"
                    try await machine.shell(
                        "mkdir -p \(dropIn) && cp /examples/socket-activation.conf \(dropIn) && echo secret > /etc/key && "
                            + "chmod 600 /etc/key && printf '[Service]\\nLoadCredential=web.key:/etc/key\\n' "
                            + "> \(dropIn)/key.conf && systemctl daemon-reload && systemctl start \(Self.exporter)"
                    )
                    try await eventually(within: .seconds(10)) {
                        try require(try await machine.scrape().memory("rss_bytes", guest) != nil, "the guest is there")
                    }
                    let process = "$(systemctl show --property MainPID --value \(Self.exporter))"
                    // A heading, and the loopback device below two more.
                    #expect(try await machine.shell("cat /proc/\(process)/net/tcp6 | wc -l") == "1\n")
                    #expect(try await machine.shell("cat /proc/\(process)/net/dev | wc -l") == "3\n")
                    let key = "/run/credentials/\(Self.exporter).service/web.key"
                    #expect(try await machine.shell("nsenter --target \(process) --mount cat \(key)") == "secret\n")
                }
            }
        }

        @Test func aUnitWithAWrongFlagIsNotStartedAgain() async throws {
            try await Testbed.run { testbed in
                try await SystemdMachine.run(testbed.directory) { machine in
                    for unit in [Self.exporter, Self.period] {
                        try await machine.shell(
                            "echo ARGS=--no-such-flag > /etc/default/\(unit); systemctl start \(unit) || true"
                        )
                        // One that is to be started again is never failed, but "activating".
                        let state = try await machine.shell(
                            "systemctl show --property ActiveState,ExecMainStatus,NRestarts \(unit) | sort"
                        )
                        #expect(state == "ActiveState=failed\nExecMainStatus=64\nNRestarts=0\n", "\(unit)")
                    }
                }
            }
        }

        private func restarts(of machine: SystemdMachine) async throws -> Int {
            let shown = try await machine.shell("systemctl show --property NRestarts --value \(Self.exporter)")
            return try present(Int(shown.trimmingCharacters(in: .whitespacesAndNewlines)), "number of restarts")
        }

        /// What the kernel says of the process, and what it sees of the file system.
        private func expectHeldTight(_ unit: String, on machine: SystemdMachine) async throws {
            let process = "$(systemctl show --property MainPID --value \(unit))"
            let status = try await machine.shell("cat /proc/\(process)/status")
            #expect(status.contains("CapEff:\t0000000000000000") && status.contains("CapBnd:\t0000000000000000"))
            #expect(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"))
            let seen = try await machine.shell("nsenter --target \(process) --mount ls /run")
            #expect(seen == "libvirt\nsystemd\n")
            let user = try await machine.shell("stat --format %U /proc/\(process)")
            #expect(user == unit + "\n")
        }
    }
}
