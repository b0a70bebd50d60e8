import Foundation

/// A systemd of the tests' own with the units of deploy/systemd, kept by `Tests/Testbed/systemd-run`.
actor SystemdMachine {
    private let keeper = Process()
    private let commands = Pipe()
    private let answers = Pipe()
    private let answer: URL

    /// Starts it, and runs a body with it.
    ///
    /// - Parameter directory: that of the libvirtd which its units are to find.
    static func run(_ directory: URL, _ body: (SystemdMachine) async throws -> Void) async throws {
        let machine = try SystemdMachine(directory)
        do {
            guard try await machine.nextLine() == "ready\n" else {
                throw TestbedError("systemd-run could not start systemd; it says why on standard error")
            }
            try await body(machine)
        } catch {
            try? await machine.end()
            throw error
        }
        try await machine.end()
    }

    private init(_ directory: URL) throws {
        answer = directory.appending(path: "systemd-answer")
        keeper.executableURL = TestbedFiles.scripts.appending(path: "systemd-run")
        keeper.arguments = [directory.path, TestbedFiles.exporter.path, UnitFile.directory.path]
        keeper.standardInput = commands
        keeper.standardOutput = answers
        try keeper.runWithoutMask()
    }

    /// Runs a command line of the shell inside, and says what it printed; throws unless it ends with 0.
    @discardableResult
    func shell(_ command: String) async throws -> String {
        try commands.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
        let isDone = try await nextLine() == "done\n"
        let said = try String(contentsOf: answer, encoding: .utf8)
        guard isDone else { throw TestbedError("\(command) failed: \(said)") }
        return said
    }

    /// Scrapes the exporter from inside.
    func scrape() async throws -> Exposition {
        try Exposition(try await shell("curl --silent --fail --max-time 20 http://127.0.0.1:9177/metrics"))
    }

    private func end() async throws {
        try commands.fileHandleForWriting.close()
        try await eventually(within: .seconds(10)) {
            try require(!self.keeper.isRunning, "systemd and its namespaces have ended")
        }
    }

    /// The next line that systemd-run says: it is short and written at once, so it comes whole.
    private func nextLine() async throws -> String {
        let output = answers.fileHandleForReading
        return try await offPool { String(decoding: output.availableData, as: UTF8.self) }
    }
}
