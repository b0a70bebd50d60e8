import Foundation
import Testing

extension EndToEndTests {
    /// The exporter and its service manager: sockets that are passed, and what it is told.
    @Suite struct ServiceManagerTests {
        @Test func aPassedTCPSocketIsServed() async throws {
            try await Testbed.run { testbed in
                let port = try Connection.freePort()
                let process = try await testbed.start(activated(by: "127.0.0.1:\(port)", testbed))
                // The first connection starts it; its socket is open before.
                let response = try await eventually(within: .seconds(10)) {
                    try await HTTPResponse.get(port: port, path: "/metrics")
                }
                #expect(response.status == 200)
                #expect(try process.outputSoFar().contains("127.0.0.1:\(port)"))
                await process.send(SIGTERM)
                #expect(try await process.exitStatus(within: .seconds(5)) == 0)
            }
        }

        @Test func aPassedUnixSocketIsServedAndItsFileLeftAlone() async throws {
            try await Testbed.run { testbed in
                let path = testbed.directory.appending(path: "passed.sock").path
                let process = try await testbed.start(activated(by: path, testbed))
                let answer = try await eventually(within: .seconds(10)) {
                    try await offPool {
                        let connection = try Connection(unixSocket: path)
                        try connection.send(Data("GET /-/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
                        return String(decoding: try connection.receiveToEnd(within: .seconds(10)), as: UTF8.self)
                    }
                }
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                await process.send(SIGTERM)
                #expect(try await process.exitStatus(within: .seconds(5)) == 0)
                // It is the service manager's.
                #expect(FileManager.default.fileExists(atPath: path))
            }
        }

        @Test(arguments: [(flags: [String](), mode: 0o660), (flags: ["--web.unix-socket-mode=0606"], mode: 0o606)])
        func aUnixSocketOfItsOwnHasTheModeThatIsAsked(flags: [String], mode: Int) async throws {
            let directory = URL(filePath: NSTemporaryDirectory()).appending(
                path: "lme-\(UInt32.random(in: 0 ... .max))"
            )
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(at: directory) }
            let path = directory.appending(path: "exporter.sock").path
            let command = [
                TestbedFiles.exporter.path, "--web.listen-address=unix:\(path)", "--libvirt.uri=test:///default",
            ]
            let process = try ChildProcess(command + flags, output: directory.appending(path: "log"))
            try await eventually(within: .seconds(10)) {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                let found = attributes[.posixPermissions] as? Int
                try require(found == mode, "its mode is asked for: \(found ?? -1)")
            }
            await process.send(SIGTERM)
            #expect(try await process.exitStatus(within: .seconds(5)) == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
        }

        @Test(arguments: [
            ["--web.unix-socket-mode=0888"], ["--web.unix-socket-mode=01777"], ["--web.unix-socket-mode=rw"],
            ["--web.systemd-socket", "--web.listen-address=:9177"], ["period", "--memory-stats.period=0"],
        ])
        func aFlagThatMakesNoSenseIsRefusedWithUsage(flags: [String]) async throws {
            let outcome = try await ChildProcess.outcome(of: [TestbedFiles.exporter.path] + flags)
            #expect(outcome.status == 64)
            let said = String(decoding: outcome.errors, as: UTF8.self)
            #expect(said.contains("Error: ") && said.contains("libvirt-memory-exporter"), "\(said)")
        }

        @Test func withoutAPassedSocketItEndsAndSaysWhy() async throws {
            let outcome = try await ChildProcess.outcome(of: [TestbedFiles.exporter.path, "--web.systemd-socket"])
            #expect(outcome.status == 1)
            let said = String(decoding: outcome.errors, as: UTF8.self)
            #expect(said.contains("no socket was passed by a service manager"))
        }

        @Test func aDescriptorThatIsNoListeningSocketIsNamed() async throws {
            for redirection in ["3</dev/null", "3<>/dev/udp/127.0.0.1/9"] {
                let script = "exec \(redirection); LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --web.systemd-socket"
                let outcome = try await ChildProcess.outcome(
                    of: ["/bin/bash", "-c", script, TestbedFiles.exporter.path]
                )
                #expect(outcome.status == 1)
                let said = String(decoding: outcome.errors, as: UTF8.self)
                #expect(said.contains("cannot listen on passed descriptor 3"), "\(redirection): \(said)")
            }
        }

        @Test func theServiceManagerHearsHowItIs() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "reporting"),
                    GuestSpecification(name: "no-device", balloon: .absent, hasSystem: false)
                )
                let notify = try NotifySocket(path: testbed.directory.appending(path: "notify").path)
                let exporter = try await testbed.startExporter(environment: notify.environment(watchdogSeconds: 2))
                try await eventually(within: .seconds(10)) {
                    try require(notify.assignments.first == "READY=1", "ready comes first: \(notify.assignments)")
                }
                #expect((try await exporter.get("/-/ready")).status == 200)
                try await exporter.waitForFigures(of: guests[0])
                let uri = testbed.libvirtd.uri
                try await eventually(within: .seconds(10)) {
                    try require(
                        notify.status == "serving 2 domains of \(uri), 1 report",
                        "it says what it serves: \(notify.assignments)"
                    )
                }

                // Neither takes the service's life, nor floods its manager.
                try await guests[0].freeze()
                let slow = Task { try? await exporter.get("/metrics") }
                try await expectAlive(notify, for: .seconds(6))
                try await guests[0].thaw()
                _ = await slow.value
                try await testbed.libvirtd.freeze()
                _ = try await exporter.get("/metrics", fields: ["X-Prometheus-Scrape-Timeout-Seconds": "2"])
                try await expectAlive(notify, for: .seconds(6))
                try await testbed.libvirtd.thaw()
                try await testbed.libvirtd.kill()
                try await expectAlive(notify, for: .seconds(4))
                try await eventually(within: .seconds(10)) {
                    try require(notify.status == "no connection to libvirt at \(uri)", "\(notify.status ?? "")")
                }
                #expect(notify.assignments.count { $0.hasPrefix("STATUS=") } < 12, "\(notify.assignments)")

                // Stopped as a whole it is not alive, and says nothing.
                await exporter.process.send(SIGSTOP)
                try await Task.sleep(for: .milliseconds(200))
                let before = notify.count("WATCHDOG=1")
                try await Task.sleep(for: .seconds(3))
                #expect(notify.count("WATCHDOG=1") == before)
                await exporter.process.send(SIGCONT)

                await exporter.process.send(SIGTERM)
                #expect(try await exporter.process.exitStatus(within: .seconds(15)) == 0)
                #expect(notify.count("READY=1") == 1)
                #expect(notify.count("STOPPING=1") == 1)
            }
        }

        /// The command that is started by the first connection to an address.
        private func activated(by address: String, _ testbed: Testbed) -> [String] {
            [
                "/usr/bin/systemd-socket-activate", "--listen=\(address)", TestbedFiles.exporter.path,
                "--web.systemd-socket", "--libvirt.uri=\(testbed.libvirtd.uri)",
            ]
        }

        /// The watchdog, of 2 s, is told each second.
        private func expectAlive(
            _ notify: NotifySocket,
            for time: Duration,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let before = notify.count("WATCHDOG=1")
            try await Task.sleep(for: time)
            let told = notify.count("WATCHDOG=1") - before
            #expect(told >= Int(time / .seconds(1)) - 2, "\(told) times", sourceLocation: sourceLocation)
        }
    }
}
