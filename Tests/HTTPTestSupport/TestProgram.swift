import Foundation
import Glibc

/// A program of the system that a test runs, for 30 seconds at most.
package final class TestProgram: Sendable {
    /// How a program ended: 124 is the status of one whose time was over.
    package struct Outcome: Sendable {
        package let status: Int32
        /// What it wrote, on standard output and standard error.
        package let output: String
    }

    private let process: Process
    private let input = Pipe()
    private let output = Pipe()

    /// Starts the program.
    package init(_ command: [String], directory: URL? = nil) throws {
        // Writing to a program that has ended raises it.
        signal(SIGPIPE, SIG_IGN)
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments = ["--kill-after=1", "30"] + command
        process.currentDirectoryURL = directory
        process.standardInput = input
        process.standardOutput = output
        process.standardError = output
        // The program inherits the mask of this thread, and those of Dispatch block the signal that ends it.
        var none = sigset_t()
        var previous = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &previous)
        defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
        try process.run()
    }

    /// Runs a program to its end.
    package static func run(_ command: [String], directory: URL? = nil, input: String = "") async throws -> Outcome {
        let program = try TestProgram(command, directory: directory)
        // A program that ends without reading it is none the worse for it.
        try? program.type(input)
        return try await program.outcome()
    }

    /// Writes to its standard input.
    package func type(_ text: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// Ends its input, and waits until it has ended. It can be asked for once.
    package func outcome() async throws -> Outcome {
        try? input.fileHandleForWriting.close()
        // On a thread of its own: one that blocks, of Swift's or of Dispatch's, is one less for the server.
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { [self] in
                continuation.resume(
                    with: Result {
                        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
                        process.waitUntilExit()
                        let text = String(decoding: bytes, as: UTF8.self)
                        return Outcome(status: process.terminationStatus, output: text)
                    }
                )
            }
        }
    }
}
