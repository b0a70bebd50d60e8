import Foundation
import Testing

extension EndToEndTests {
    /// Which flags each command takes.
    @Suite struct CommandLineTests {
        @Test(arguments: [
            (command: ["period"], flag: "--web.listen-address=127.0.0.1:1"),
            (command: ["period"], flag: "--collect.connections=2"),
            (command: ["list"], flag: "--memory-stats.period=5s"), (command: ["list"], flag: "--no-collector.host"),
            (command: ["check-web-config", "/dev/null"], flag: "--libvirt.uri=test:///default"),
        ])
        func aFlagThatASubcommandWouldNotHeedIsRefused(command: [String], flag: String) async throws {
            let outcome = try await run(command + [flag])
            #expect(outcome.status == 64)
            let said = String(decoding: outcome.errors, as: UTF8.self)
            #expect(said.contains("Unknown option '\(flag.prefix { $0 != "=" })'"), "\(said)")
            #expect(said.contains("libvirt-memory-exporter \(command[0])"), "\(said)")
        }

        @Test(arguments: [
            (command: "list", flags: ["libvirt.uri", "collect.connections", "format", "watch"]),
            (command: "period", flags: ["libvirt.uri", "memory-stats.period", "log.level", "log.format"]),
        ])
        func theHelpOfASubcommandHasTheFlagsItTakesAndNoOther(command: String, flags: [String]) async throws {
            let outcome = try await run([command, "--help"])
            let help = String(decoding: outcome.output, as: UTF8.self)
            #expect(help.contains("libvirt-memory-exporter \(command) "), "\(help)")
            let listed = help.matches(of: /(?m)^  (?:-[a-z], )?--([a-z][a-z.-]*)/).map { String($0.1) }
            #expect(Set(listed).subtracting(["help", "version"]) == Set(flags), "\(help)")
        }

        /// As in a container whose entry point has a flag already.
        @Test func aSubcommandMayComeAfterFlagsOfTheExporter() async throws {
            let outcome = try await run(["--memory-stats.period=0", "--libvirt.uri=test:///default", "list"])
            #expect(outcome.status == 0, "\(String(decoding: outcome.errors, as: UTF8.self))")
            #expect(String(decoding: outcome.output, as: UTF8.self).contains("\ntest "))
        }

        @Test(arguments: [["--memory-stats.period"], ["period", "--memory-stats.period"]])
        func aPeriodThatCannotBeIsNamedAsItWasTyped(command: [String]) async throws {
            for period in ["1500ms", "90000", "0d1s1ms"] {
                let outcome = try await run(command + [period])
                #expect(outcome.status == 64)
                let said = String(decoding: outcome.errors, as: UTF8.self)
                #expect(said.contains("'\(period)' cannot be a statistics period"), "\(said)")
            }
        }

        @Test(arguments: [["--web.listen-address=127.0.0.1:0"], ["period"], ["list"]])
        func anAddressThatLibvirtCanNeverOpenIsRefusedWithLibvirtsWords(command: [String]) async throws {
            for (uri, words) in [("qemu//x", "does not include a driver name"), ("qemu+foo:///system", "transport")] {
                let outcome = try await run(command + ["--libvirt.uri=\(uri)"])
                #expect(outcome.status == 64)
                let said = String(decoding: outcome.errors, as: UTF8.self)
                #expect(said.contains("--libvirt.uri") && said.contains(words), "\(said)")
            }
        }

        @Test func theEnvironmentNamesTheHypervisorWhereNoFlagDoes() async throws {
            for (arguments, status) in [(["list"], 0), (["list", "--libvirt.uri=qemu//x"], 64)] as [([String], Int32)] {
                let outcome = try await ChildProcess.outcome(
                    of: ["/usr/bin/env", "LIBVIRT_DEFAULT_URI=test:///default", TestbedFiles.exporter.path] + arguments
                )
                #expect(outcome.status == status, "\(String(decoding: outcome.errors, as: UTF8.self))")
            }
        }

        /// One that is not refused would serve for ever.
        private func run(_ arguments: [String]) async throws -> ChildProcess.Outcome {
            try await ChildProcess.outcome(of: ["/usr/bin/timeout", "20", TestbedFiles.exporter.path] + arguments)
        }
    }
}
