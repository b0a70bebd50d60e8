import Foundation

/// Debian's Alertmanager, which tells nobody.
struct AlertmanagerServer: Sendable {
    struct Alert: Decodable, Hashable {
        let labels: [String: String]
        let annotations: [String: String]

        var name: String { labels["alertname"] ?? "" }
        var domain: String? { labels["domain"] }
    }

    let process: ChildProcess
    let port: UInt16

    /// Starts Alertmanager, with its data in this directory, and waits until it is ready.
    static func start(directory: URL) async throws -> AlertmanagerServer {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let configuration = directory.appending(path: "alertmanager.yml")
        try "{route: {receiver: nobody}, receivers: [{name: nobody}]}"
            .write(to: configuration, atomically: true, encoding: .utf8)
        let port = try Connection.freePort()
        // It looks for its templates there, see Tests/Testbed/prepare.
        let share = TestbedFiles.prepared.appending(path: "root/usr/share/prometheus").path
        let process = try ChildProcess(
            ["/usr/bin/env", "--chdir=\(share)"] + TestbedFiles.program("prometheus-alertmanager") + [
                "--config.file=\(configuration.path)",
                "--storage.path=\(directory.appending(path: "data").path)",
                "--web.listen-address=127.0.0.1:\(port)",
                // By default it would look for its peers on all interfaces.
                "--cluster.listen-address=",
            ],
            output: directory.appending(path: "alertmanager.log")
        )
        try await eventually(within: .seconds(20)) {
            try require(await process.isRunning, "Alertmanager runs; it said: \(try process.outputSoFar())")
            let response = try await HTTPResponse.get(port: port, path: "/-/ready")
            try require(response.status == 200, "Alertmanager is ready: \(response.text)")
        }
        return AlertmanagerServer(process: process, port: port)
    }

    /// The alerts that fire now; those that resolved are not among them.
    func alerts() async throws -> [Alert] {
        let response = try await HTTPResponse.get(port: port, path: "/api/v2/alerts")
        guard response.status == 200 else { throw TestbedError("Alertmanager says: \(response.text)") }
        return try JSONDecoder().decode([Alert].self, from: response.body)
    }
}
