import Foundation

/// A process that these tests started, which ends with them; its output goes to a file.
actor ChildProcess {
    let name: String
    let output: URL
    private let process = Process()
    private let tether = Pipe()

    /// Starts the command; both its outputs go to the file.
    init(_ command: [String], environment: [String: String] = [:], output: URL) throws {
        name = (command[0] as NSString).lastPathComponent
        self.output = output
        try Data().write(to: output)
        let file = try FileHandle(forWritingTo: output)
        process.executableURL = TestbedFiles.scripts.appending(path: "tether")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        process.standardInput = tether
        process.standardOutput = file
        process.standardError = file
        try process.runWithoutMask()
    }

    var isRunning: Bool { process.isRunning }

    /// What it has written so far.
    nonisolated func outputSoFar() throws -> String {
        String(decoding: try Data(contentsOf: output), as: UTF8.self)
    }

    /// Sends it a signal, unless it has ended.
    func send(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    /// Ends it at once.
    func end() async throws {
        send(SIGKILL)
        _ = try await exitStatus(within: .seconds(5))
    }

    /// The exit status once it has ended; 128 and the signal where one ended it, as a shell says it.
    func exitStatus(within limit: Duration) async throws -> Int32 {
        try await eventually(within: limit) {
            try require(await !self.isRunning, "\(self.name) has ended")
        }
        return process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
    }

    /// How a command ended.
    struct Outcome: Sendable {
        let status: Int32
        let output: Data
        let errors: Data
    }

    /// Runs a command to its end.
    static func outcome(
        of command: [String],
        environment: [String: String] = [:],
        input: URL? = nil
    ) async throws -> Outcome {
        try await offPool {
            let process = Process()
            let output = Pipe()
            let errors = Pipe()
            process.executableURL = URL(filePath: command[0])
            process.arguments = Array(command.dropFirst())
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
            process.standardInput = try input.map { try FileHandle(forReadingFrom: $0) } ?? FileHandle.nullDevice
            process.standardOutput = output
            process.standardError = errors
            try process.runWithoutMask()
            // The commands run here say little on standard error: it can't fill its pipe meanwhile.
            let printed = try output.fileHandleForReading.readToEnd() ?? Data()
            let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return Outcome(status: process.terminationStatus, output: printed, errors: complaint)
        }
    }

    /// Runs a command to its end, and says what it printed on standard output; throws unless it ends with 0.
    static func run(_ command: [String], input: URL? = nil) async throws -> Data {
        let outcome = try await outcome(of: command, input: input)
        guard outcome.status == 0 else {
            throw TestbedError(
                "\(command.joined(separator: " ")) ended with \(outcome.status): "
                    + String(decoding: outcome.errors + outcome.output, as: UTF8.self)
            )
        }
        return outcome.output
    }
}
