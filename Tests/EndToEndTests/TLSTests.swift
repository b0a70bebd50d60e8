import Foundation
import Logging
import MetricsHTTP
import Synchronization
import Testing

extension EndToEndTests {
    /// A real Prometheus and the server's TLS.
    @Suite struct TLSTests {
        /// What Prometheus says of each of its jobs.
        private func up(_ prometheus: PrometheusServer) async throws -> [String: Double] {
            let samples = try await prometheus.query("up")
            return Dictionary(uniqueKeysWithValues: samples.map { ($0.labels["job"] ?? "", $0.value) })
        }

        @Test func prometheusGetsInByItsCertificateAndStaysInAsCertificatesChange() async throws {
            let directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lme-tls-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: directory) }
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
            let ours = try await Certificates(directory: directory, name: "ours")
            let certificate = try await ours.issue("server")
            let known = try await ours.issue("prometheus", for: "DNS:prometheus.example")
            let nameless = try await ours.issue("grafana", for: "DNS:grafana.example")
            let theirs = try await Certificates(directory: directory, name: "theirs")
            let foreign = try await theirs.issue("prometheus", for: "DNS:prometheus.example")

            var configuration = TLSServerConfiguration(
                certificate: .file(path: certificate.certificate.path),
                key: .file(path: certificate.key.path)
            )
            configuration.clientAuthentication = .requireAndVerifyClientCert
            configuration.clientAuthorities = .file(path: ours.authority.certificate.path)
            configuration.allowedClientNames = ["prometheus.example"]
            let context = Mutex(try TLSContext(configuration))
            let server = try HTTPServer(
                listeningOn: [.host("127.0.0.1", port: 0)],
                tls: { context.withLock { $0 } },
                logger: Logger(label: "test"),
                handler: { _, _ in .plainText(.ok, "answered 1") }
            )
            async let running: Void = server.run()
            defer { server.shutDownGracefully() }
            guard case .host(_, let port) = server.boundAddresses[0] else { throw TestbedError("no port") }

            func job(_ name: String, scheme: String = "https", _ options: String) -> String {
                let trust = "{ca_file: \(ours.authority.certificate.path), \(options)}"
                let target = "static_configs: [{targets: ['127.0.0.1:\(port)']}]"
                return "{job_name: \(name), scheme: \(scheme), tls_config: \(trust), \(target)}"
            }
            func identity(_ issued: Certificates.Issued) -> String {
                "cert_file: \(issued.certificate.path), key_file: \(issued.key.path)"
            }
            let prometheus = try await PrometheusServer.start(
                configuration: """
                    global: {scrape_interval: 1s, scrape_timeout: 1s}
                    scrape_configs:
                    - \(job("known", identity(known)))
                    - \(job("nameless", identity(nameless)))
                    - \(job("foreign", identity(foreign)))
                    - \(job("nobody", "insecure_skip_verify: false"))
                    - \(job("plain", scheme: "http", "insecure_skip_verify: false"))
                    """,
                directory: directory.appending(path: "prometheus")
            )
            let expected: [String: Double] = ["known": 1, "nameless": 0, "foreign": 0, "nobody": 0, "plain": 0]
            try await eventually(within: .seconds(20)) {
                let up = try await up(prometheus)
                try require(up == expected, "only the known one gets in: \(up)")
            }

            // Each scrape finds another certificate than the one its connection was made with.
            for _ in 0..<10 {
                _ = try await ours.issue("server")
                let renewed = try TLSContext(configuration)
                context.withLock { $0 = renewed }
                try await Task.sleep(for: .seconds(1))
            }
            let lowest = try await prometheus.query("min_over_time(up{job=\"known\"}[10s])").map(\.value)
            #expect(lowest == [1])
            let samples = try await prometheus.query("count_over_time(answered{job=\"known\"}[10s])").map(\.value)
            #expect(samples.count == 1 && samples[0] >= 8)
            let others = try await prometheus.query("sum(sum_over_time(up{job!=\"known\"}[1m]))").map(\.value)
            #expect(others == [0])

            // Nobody stays in who would not get in any more.
            configuration.allowedClientNames = ["grafana.example"]
            let stricter = try TLSContext(configuration)
            context.withLock { $0 = stricter }
            try await eventually(within: .seconds(10)) {
                let up = try await up(prometheus)
                try require(up["known"] == 0 && up["nameless"] == 1, "they have changed places: \(up)")
            }
            try await prometheus.process.end()
            server.shutDownGracefully()
            try await running
        }
    }
}
