import Foundation

/// The exporter, as its users run it.
struct ExporterProcess: Sendable {
    let process: ChildProcess
    let port: UInt16

    /// Starts the exporter on a port of its own, and waits until it says that it listens.
    ///
    /// - Parameter command: what starts it, up to its flags.
    static func start(
        _ flags: [String],
        command: [String] = [TestbedFiles.exporter.path],
        environment: [String: String] = [:],
        log: URL
    ) async throws -> ExporterProcess {
        let command = command + ["--web.listen-address=127.0.0.1:0"] + flags
        let process = try ChildProcess(command, environment: environment, output: log)
        let port = try await eventually(within: .seconds(20)) {
            try require(await process.isRunning, "the exporter runs; it said: \(try process.outputSoFar())")
            guard let match = try process.outputSoFar().firstMatch(of: /address="?127\.0\.0\.1:([0-9]+)/),
                let port = UInt16(match.1)
            else {
                throw TestbedError("the exporter has not said where it listens")
            }
            return port
        }
        return ExporterProcess(process: process, port: port)
    }

    func get(_ path: String, fields: [String: String] = [:]) async throws -> HTTPResponse {
        try await HTTPResponse.get(port: port, path: path, fields: fields)
    }

    /// Scrapes it as Prometheus does, and reads the answer.
    func scrape() async throws -> Exposition {
        let response = try await get("/metrics")
        guard response.status == 200 else { throw TestbedError("a scrape is answered \(response.status)") }
        return try Exposition(response.text)
    }

    /// The first scrape that knows any domain: the exporter connects to libvirt after it began to listen.
    func scrapeWithDomains() async throws -> Exposition {
        try await eventually(within: .seconds(10)) {
            let metrics = try await scrape()
            try require(!metrics.domains.isEmpty, "there are domains")
            return metrics
        }
    }

    /// Waits until a scrape has what the guest says of its memory.
    func waitForFigures(of guest: Guest) async throws {
        try await eventually(within: .seconds(10)) {
            let usable = try await scrape().memory("usable_bytes", guest)
            try require(usable != nil, "the guest has figures")
        }
    }
}
