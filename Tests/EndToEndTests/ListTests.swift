import Foundation
import Testing

extension EndToEndTests {
    /// The command `list`, as a person and a script run it.
    @Suite struct ListTests {
        @Test func theTableHasTheGuestsWithTheLeastLeftFirst() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "a-empty"),
                    GuestSpecification(name: "b-full", filledMebibytes: 56),
                    GuestSpecification(name: "c-driverless", hasDriver: false)
                )
                // A guest answers first as soon as its driver is there, before it is filled.
                try await eventually(within: .seconds(10)) {
                    let empty = try present(try await guests[0].dommemstat()["usable"], "usable")
                    let full = try present(try await guests[1].dommemstat()["usable"], "usable")
                    try require(full + 40 * 1024 < empty, "less is left of \(full) kB than of \(empty) kB")
                }

                let outcome = try await list(testbed)
                #expect(outcome.status == 0)
                #expect(outcome.errors.isEmpty)
                let table = String(decoding: outcome.output, as: UTF8.self)
                #expect(!table.contains("\u{1b}"), "no colours for a pipe")
                let lines = table.split(separator: "\n")
                #expect(lines.first?.hasPrefix("NAME") == true)
                #expect(lines.dropFirst().map { $0.prefix { $0 != " " } } == ["b-full", "a-empty", "c-driverless"])
                #expect(lines[1].hasSuffix("ok") && lines[2].hasSuffix("ok"))
                #expect(lines[3].contains("no_driver: "))

                // In full, with what to do.
                let details = try await list(testbed, "c-driverless")
                #expect(details.status == 0)
                let text = String(decoding: details.output, as: UTF8.self)
                #expect(text.contains(guests[2].uuid))
                #expect(text.contains("modprobe virtio_balloon"))
                #expect(!text.contains("a-empty"))
            }
        }

        @Test func theFiguresForScriptsAreThoseOfAScrape() async throws {
            struct Entry: Decodable {
                let name: String
                let uuid: String
                let status: String
                let advice: String?
                let total_bytes: Double?
                let usable_bytes: Double?
                let balloon_bytes: Double?
                let rss_bytes: Double?
            }

            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "quote\"back\\slash <&> 🦊"),
                    GuestSpecification(name: "without balloon", balloon: .absent)
                )
                let exporter = try await testbed.startExporter()
                try await eventually(within: .seconds(15)) {
                    let metrics = try await exporter.scrape()
                    let outcome = try await list(testbed, "--format", "json")
                    try require(outcome.status == 0, String(decoding: outcome.errors, as: UTF8.self))
                    let entries = try JSONDecoder().decode([Entry].self, from: outcome.output)
                    try require(entries.map(\.name) == guests.map(\.name), "all are there: \(entries)")
                    for (entry, guest) in zip(entries, guests) {
                        try require(entry.uuid == guest.uuid, "the UUID is the domain's")
                        try require(entry.status == (try metrics.status(of: guest)), "the status is the same")
                        try require(entry.total_bytes == (try metrics.memory("available_bytes", guest)), "total")
                        try require(
                            entry.balloon_bytes == (try metrics.memory("actual_balloon_bytes", guest)),
                            "balloon"
                        )
                        let rss = try present(entry.rss_bytes, "rss")
                        try require(abs(rss - present(metrics.memory("rss_bytes", guest), "rss")) < 8 * mebibyte, "rss")
                    }
                    try require(entries.map(\.status) == ["ok", "no_device"], "\(entries)")
                    try require(entries[0].advice == nil && entries[1].advice != nil, "advice is where it is needed")
                    // The guest answers once a second: this may be the next answer.
                    let usable = try present(try metrics.memory("usable_bytes", guests[0]), "usable")
                    try require(abs(try present(entries[0].usable_bytes, "usable") - usable) < mebibyte, "usable")
                    try require(entries[1].usable_bytes == nil, "what is not known is not there")
                }
            }
        }

        @Test func noNameSteersATerminalThroughTheFiguresForScripts() async throws {
            struct Entry: Decodable {
                let name: String
            }

            try await Testbed.run { testbed in
                // The last of them begins a sequence of a terminal's, as ESC [ does.
                let name = "a\u{7f}b\u{80}c\u{9b}31mé"
                _ = try await testbed.startGuest(GuestSpecification(name: name, hasSystem: false))
                let outcome = try await list(testbed, "--format", "json")
                let json = String(decoding: outcome.output, as: UTF8.self)
                #expect(json.contains(#""a\u007fb\u0080c\u009b31mé""#), "\(json.debugDescription)")
                #expect(try JSONDecoder().decode([Entry].self, from: outcome.output).map(\.name) == [name])
            }
        }

        @Test func whatIsWrongIsSaidWithAStatus() async throws {
            try await Testbed.run { testbed in
                _ = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                let unknown = try await list(testbed, "nobody")
                #expect(unknown.status == 1)
                #expect(String(decoding: unknown.errors, as: UTF8.self).contains("no active domain is called 'nobody'"))
                #expect(unknown.output.isEmpty)

                let misspelt = try await list(testbed, "--fromat", "json")
                #expect(misspelt.status == 64)
                #expect(String(decoding: misspelt.errors, as: UTF8.self).contains("--fromat"))

                try await testbed.libvirtd.stop()
                let start = ContinuousClock.now
                let away = try await list(testbed)
                #expect(away.status == 1)
                #expect(start.duration(to: .now) < .seconds(2))
                #expect(
                    String(decoding: away.errors, as: UTF8.self).contains("cannot connect to \(testbed.libvirtd.uri)")
                )
                #expect(away.output.isEmpty)
            }
        }

        @Test func aSilentLibvirtdIsSaidWithHowLongItWasWaitedFor() async throws {
            try await Testbed.run { testbed in
                try await testbed.libvirtd.freeze()
                let outcome = try await list(testbed)
                try await testbed.libvirtd.thaw()
                #expect(outcome.status == 1)
                let said = String(decoding: outcome.errors, as: UTF8.self)
                #expect(said.contains("no answer within 10s"), "\(said)")
            }
        }

        @Test func aTerminalShowsColoursUnlessNobodyWantsThem() async throws {
            try await Testbed.run { testbed in
                // It is paused, which is worth a colour.
                _ = try await testbed.startGuest(GuestSpecification(name: "guest", hasSystem: false))
                let colour = "\u{1b}["
                let terminal = ["TERM": "xterm", "NO_COLOR": ""]
                let coloured = try await listInTerminal(testbed, environment: terminal)
                #expect(coloured.contains("guest") && coloured.contains(colour))
                for plain in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
                    let environment = terminal.merging(plain) { _, new in new }
                    let text = try await listInTerminal(testbed, environment: environment)
                    #expect(text.contains("guest") && !text.contains(colour), "\(plain)")
                }
            }
        }

        private func list(_ testbed: Testbed, _ arguments: String...) async throws -> ChildProcess.Outcome {
            try await ChildProcess.outcome(of: command(testbed) + arguments)
        }

        /// What a terminal is given; `script` is one.
        private func listInTerminal(_ testbed: Testbed, environment: [String: String]) async throws -> String {
            // The shell that runs the command must not take the address' question mark for a pattern.
            let line = command(testbed).map { "'\($0)'" }.joined(separator: " ")
            let outcome = try await ChildProcess.outcome(
                of: ["/usr/bin/script", "--quiet", "--return", "--command", line, "/dev/null"],
                environment: environment
            )
            let text = String(decoding: outcome.output, as: UTF8.self)
            guard outcome.status == 0 else { throw TestbedError("list ended with \(outcome.status): \(text)") }
            return text
        }

        private func command(_ testbed: Testbed) -> [String] {
            [TestbedFiles.exporter.path, "list", "--libvirt.uri=\(testbed.libvirtd.uri)"]
        }
    }
}
