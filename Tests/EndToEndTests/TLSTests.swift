import Foundation
import HTTP
import Logging
import Synchronization
import Testing

extension EndToEndTests {
    /// A real Prometheus and the server's TLS.
    @Suite struct TLSTests {
        @Test func prometheusGetsInByItsCertificateAndStaysInAsCertificatesChange() async throws {
            let directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lme-tls-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: directory) }
            let certificates = try await Certificates(directory: directory.appending(path: "ours"))
            try await certificates.make("server", for: "IP:127.0.0.1")
            try await certificates.make("prometheus", for: "DNS:prometheus.example")
            try await certificates.make("grafana", for: "DNS:grafana.example")
            let foreign = try await Certificates(directory: directory.appending(path: "theirs"))
            try await foreign.make("prometheus", for: "DNS:prometheus.example")

            var configuration = TLSServerConfiguration(
                certificate: .file(path: certificates.path("server.pem")),
                key: .file(path: certificates.path("server.key"))
            )
            configuration.clientAuthentication = .requireAndVerifyClientCert
            configuration.clientAuthorities = .file(path: certificates.path("ca.pem"))
            configuration.allowedClientNames = ["prometheus.example"]
            let context = Mutex(try TLSContext(configuration))
            let server = try HTTPServer(
                listeningOn: [.host("127.0.0.1", port: 0)],
                tls: { context.withLock { $0 } },
                logger: Logger(label: "test"),
                handler: { _ in .plainText(.ok, "answered 1") }
            )
            async let running: Void = server.run()
            defer { server.shutDownGracefully() }
            guard case .host(_, let port) = server.boundAddresses[0] else { throw TestbedError("no port") }

            func job(_ name: String, scheme: String = "https", _ options: String) -> String {
                let trust = "{ca_file: \(certificates.path("ca.pem")), \(options)}"
                let target = "static_configs: [{targets: ['127.0.0.1:\(port)']}]"
                return "{job_name: \(name), scheme: \(scheme), tls_config: \(trust), \(target)}"
            }
            func identity(_ certificates: Certificates, _ name: String) -> String {
                "cert_file: \(certificates.path("\(name).pem")), key_file: \(certificates.path("\(name).key"))"
            }
            let prometheus = try await PrometheusServer.start(
                configuration: """
                    global: {scrape_interval: 1s, scrape_timeout: 1s}
                    scrape_configs:
                    - \(job("known", identity(certificates, "prometheus")))
                    - \(job("nameless", identity(certificates, "grafana")))
                    - \(job("foreign", identity(foreign, "prometheus")))
                    - \(job("nobody", "insecure_skip_verify: false"))
                    - \(job("plain", scheme: "http", "insecure_skip_verify: false"))
                    """,
                directory: directory.appending(path: "prometheus")
            )
            let expected: [String: Double] = ["known": 1, "nameless": 0, "foreign": 0, "nobody": 0, "plain": 0]
            try await eventually(within: .seconds(20)) {
                let up = try await prometheus.up()
                try require(up == expected, "only the known one gets in: \(up)")
            }

            // Each scrape finds another certificate than the one its connection was made with.
            for _ in 0..<10 {
                try await certificates.make("server", for: "IP:127.0.0.1")
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
                let up = try await prometheus.up()
                try require(up["known"] == 0 && up["nameless"] == 1, "they have changed places: \(up)")
            }
            try await prometheus.process.end()
            server.shutDownGracefully()
            try await running
        }
    }
}
