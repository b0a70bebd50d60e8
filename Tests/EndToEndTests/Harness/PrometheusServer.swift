import Foundation

/// Debian's Prometheus.
struct PrometheusServer: Sendable {
    private struct Answer: Decodable {
        struct Result: Decodable {
            let metric: [String: String]
            let value: Value
        }

        struct Contents: Decodable {
            let result: [Result]
        }

        let data: Contents
    }

    /// The pair of a time and a value, which the API writes as a string.
    private struct Value: Decodable {
        let number: Double

        init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            _ = try pair.decode(Double.self)
            let text = try pair.decode(String.self)
            guard let number = Double(text) else { throw TestbedError("Prometheus says \(text)") }
            self.number = number
        }
    }

    let process: ChildProcess
    let port: UInt16

    /// Starts Prometheus, which scrapes this target once a second and records the project's series.
    static func start(scraping target: UInt16, directory: URL) async throws -> PrometheusServer {
        try await start(
            configuration: """
                global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
                rule_files: ['\(PrometheusRules.recording.path)']
                scrape_configs: [{job_name: libvirt, static_configs: [{targets: ['127.0.0.1:\(target)']}]}]
                """,
            directory: directory
        )
    }

    /// Starts Prometheus, with its data in this directory, and waits until it is ready.
    static func start(configuration yaml: String, directory: URL) async throws -> PrometheusServer {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let configuration = directory.appending(path: "prometheus.yml")
        try yaml.write(to: configuration, atomically: true, encoding: .utf8)
        let port = try Connection.freePort()
        let process = try ChildProcess(
            TestbedFiles.program("prometheus") + [
                "--config.file=\(configuration.path)",
                "--storage.tsdb.path=\(directory.appending(path: "data").path)",
                "--web.listen-address=127.0.0.1:\(port)",
            ],
            output: directory.appending(path: "prometheus.log")
        )
        try await eventually(within: .seconds(20)) {
            try require(await process.isRunning, "Prometheus runs; it said: \(try process.outputSoFar())")
            let response = try await HTTPResponse.get(port: port, path: "/-/ready")
            try require(response.status == 200, "Prometheus is ready: \(response.text)")
        }
        return PrometheusServer(process: process, port: port)
    }

    /// What a PromQL expression yields now.
    func query(_ expression: String) async throws -> [Sample] {
        guard let query = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) else {
            throw TestbedError("no query: \(expression)")
        }
        let response = try await HTTPResponse.get(port: port, path: "/api/v1/query?query=\(query)")
        guard response.status == 200 else { throw TestbedError("\(expression): \(response.text)") }
        return try JSONDecoder().decode(Answer.self, from: response.body).data.result.map { result in
            var labels = result.metric
            let name = labels.removeValue(forKey: "__name__") ?? ""
            return Sample(name: name, labels: labels, value: result.value.number)
        }
    }

    /// Whether the last scrape of each job, of one target each, went well.
    func up() async throws -> [String: Double] {
        Dictionary(uniqueKeysWithValues: try await query("up").map { ($0.labels["job"] ?? "", $0.value) })
    }

    /// Throws what promtool finds wrong with an exposition.
    static func checkMetrics(_ exposition: String, directory: URL) async throws {
        let file = directory.appending(path: "exposition-\(UUID().uuidString)")
        try exposition.write(to: file, atomically: true, encoding: .utf8)
        let promtool = TestbedFiles.program("promtool") + ["check", "metrics"]
        let complaint = try await ChildProcess.run(promtool, input: file)
        guard complaint.isEmpty else { throw TestbedError(String(decoding: complaint, as: UTF8.self)) }
    }
}
