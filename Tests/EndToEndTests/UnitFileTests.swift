import Foundation
import Testing

extension EndToEndTests {
    /// The units of deploy/systemd, by systemd's own judgement and by what the programs do.
    @Suite struct UnitFileTests {
        private static let units = [UnitFile.exporter, .period]

        @Test(arguments: units)
        func aUnitIsHardenedAsFarAsItWorks(unit: UnitFile) async throws {
            let outcome = try await ChildProcess.outcome(
                of: ["/usr/bin/systemd-analyze", "security", "--offline=true", "--threshold=15", unit.file.path]
            )
            let said = String(decoding: outcome.output, as: UTF8.self)
            let level = try #require(
                said.firstMatch(of: /Overall exposure level for .*: ([0-9.]+)/).flatMap { Double($0.1) }
            )
            #expect(level <= 1.5)
            #expect(outcome.status == 0, "\(said)")
        }

        @Test func theUnitsHaveNothingThatSystemdComplainsOf() async throws {
            let directory = URL(filePath: NSTemporaryDirectory()).appending(
                path: "lme-\(UInt32.random(in: 0 ... .max))"
            )
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(at: directory) }
            let names = try FileManager.default.contentsOfDirectory(atPath: UnitFile.directory.path)
                .filter { $0.hasSuffix(".service") || $0.hasSuffix(".socket") }
            #expect(names.count >= 3)
            for name in names {
                // systemd looks whether the program is there.
                try String(contentsOf: UnitFile.directory.appending(path: name), encoding: .utf8)
                    .replacing("/usr/bin/libvirt-memory-exporter", with: TestbedFiles.exporter.path)
                    .write(to: directory.appending(path: name), atomically: true, encoding: .utf8)
            }
            for name in names {
                let outcome = try await ChildProcess.outcome(
                    of: ["/usr/bin/systemd-analyze", "verify", "--man=no", directory.appending(path: name).path]
                )
                let complaint = String(decoding: outcome.errors, as: UTF8.self).split(separator: "\n")
                    .filter { $0.contains("libvirt-memory") }
                #expect(outcome.status == 0 && complaint.isEmpty, "\(name): \(complaint)")
            }
        }

        /// What the units refuse and nobody misses: libnuma tries as it is loaded what the kernel can, and Dispatch sets the
        /// niceness of its threads.
        private static let callsThatMayBeRefused: Set = ["set_mempolicy", "setpriority"]

        @Test(arguments: units)
        func theProgramNeedsNoSystemCallThatItsUnitForbids(unit: UnitFile) async throws {
            let allowed = try await allowedSystemCalls(of: unit)
            #expect(allowed.contains("epoll_wait") && !allowed.contains("mount") && !allowed.contains("chown"))
            try await Testbed.run { testbed in
                let guest = try await testbed.startGuest(
                    GuestSpecification(name: "guest", balloon: .virtio(period: nil))
                )
                let trace = testbed.directory.appending(path: "trace").path
                // Beside the program, which stays the one that is signalled.
                let tracer = [
                    "/usr/bin/strace", "--follow-forks", "--daemonize", "--quiet=all", "--signal=none",
                    "--output=\(trace)",
                ]
                let notify = try NotifySocket(path: testbed.directory.appending(path: "notify").path)
                let environment = notify.environment(watchdogSeconds: 2)
                let command = try tracer + unit.command()
                let uri = "--libvirt.uri=\(testbed.libvirtd.uri)"
                if unit.hasNetwork {
                    let certificates = try await Certificates(directory: testbed.directory.appending(path: "tls"))
                    try await certificates.make("server", for: "IP:127.0.0.1")
                    let access = try WebConfigurationFixture(
                        """
                        tls_server_config: {cert_file: tls/server.pem, key_file: tls/server.key}
                        basic_auth_users: {alice: \(WebConfigurationFixture.hashOfWonder)}
                        """,
                        in: testbed.directory
                    )
                    let exporter = try await ExporterProcess.start(
                        [uri, "--collect.max-age=0s", access.flag],
                        command: command,
                        environment: environment,
                        log: testbed.directory.appending(path: "exporter.log")
                    )
                    try await exercise(testbed, guest) {
                        for (user, path) in [("alice:wonder", "metrics"), ("alice:wonder", ""), ("bob:wonder", "")] {
                            let asked = try await ChildProcess.outcome(
                                of: [
                                    "/usr/bin/curl", "--silent", "--compressed", "--write-out", "%{http_code}",
                                    "--cacert", certificates.path("ca.pem"), "--user", user,
                                    "https://127.0.0.1:\(exporter.port)/\(path)",
                                ]
                            )
                            let status = user == "alice:wonder" ? "200" : "401"
                            #expect(String(decoding: asked.output, as: UTF8.self).hasSuffix(status))
                        }
                    }
                    await exporter.process.send(SIGTERM)
                    _ = try await exporter.process.exitStatus(within: .seconds(30))
                } else {
                    let process = try await testbed.start(command + [uri], environment: environment)
                    try await eventually(within: .seconds(20)) {
                        try require(try process.outputSoFar().contains("statistics period set"), "it sets the period")
                    }
                    try await exercise(testbed, guest) {}
                    await process.send(SIGTERM)
                    _ = try await process.exitStatus(within: .seconds(30))
                }
                #expect(notify.count("READY=1") == 1)

                let made = try await eventually(within: .seconds(10)) {
                    let made = try systemCalls(inTrace: trace)
                    try require(made.contains("exit_group"), "the tracer has written the end")
                    return made
                }
                #expect(made.count > 30, "\(made)")
                #expect(
                    made.subtracting(allowed).isSubset(of: Self.callsThatMayBeRefused),
                    "\(made.subtracting(allowed))"
                )
            }
        }

        /// Ten seconds with all that can happen: scrapes, a frozen guest, a libvirtd that ends and comes back.
        private func exercise(_ testbed: Testbed, _ guest: Guest, _ scrape: @Sendable () async throws -> Void)
            async throws
        {
            for _ in 1...5 { try await scrape() }
            try await guest.freeze()
            try await scrape()
            try await guest.thaw()
            try await testbed.libvirtd.kill()
            try await scrape()
            try await testbed.libvirtd.start()
            for _ in 1...10 {
                try await scrape()
                try await Task.sleep(for: .milliseconds(500))
            }
        }

        /// The names in strace's lines, "PROCESS NAME(…". What the tracer's own child does before it becomes the program
        /// are calls of the same kind.
        private func systemCalls(inTrace path: String) throws -> Set<String> {
            Set(
                try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { line in
                    line.firstMatch(of: /^\d+ +([a-z_0-9]+)\(/).map { String($0.1) }
                }
            )
        }

        /// The calls that are left by a unit's SystemCallFilter lines, by the sets of the systemd that is here.
        private func allowedSystemCalls(of unit: UnitFile) async throws -> Set<String> {
            // execve is what starts the program, before and after the filter.
            var allowed: Set<String> = ["execve", "rt_sigreturn"]
            for line in try unit.values(of: "SystemCallFilter") {
                let isForbidden = line.hasPrefix("~")
                for name in line.drop(while: { $0 == "~" }).split(separator: " ") {
                    let calls = try await expanded(String(name))
                    if isForbidden { allowed.subtract(calls) } else { allowed.formUnion(calls) }
                }
            }
            return allowed
        }

        private func expanded(_ name: String) async throws -> Set<String> {
            guard name.hasPrefix("@") else { return [name] }
            let text = try await ChildProcess.run(["/usr/bin/systemd-analyze", "syscall-filter", name])
            var calls: Set<String> = []
            for line in String(decoding: text, as: UTF8.self).split(separator: "\n").dropFirst() {
                let word = line.trimmingCharacters(in: .whitespaces)
                if word.hasPrefix("#") || word.isEmpty { continue }
                calls.formUnion(try await expanded(word))
            }
            return calls
        }
    }
}
