import Foundation

/// A rule as Prometheus has read it.
struct PrometheusRule: Decodable, Sendable {
    let type: String
    let name: String
    let query: String
    /// Seconds that the condition holds before the alert fires; alerts alone have it.
    let duration: Double?
    let labels: [String: String]?
    let annotations: [String: String]?
}

extension PrometheusServer {
    private struct Answer: Decodable {
        struct Group: Decodable {
            let rules: [PrometheusRule]
        }

        struct Contents: Decodable {
            let groups: [Group]
        }

        let data: Contents
    }

    /// All rules that it has loaded.
    func rules() async throws -> [PrometheusRule] {
        let response = try await HTTPResponse.get(port: port, path: "/api/v1/rules")
        guard response.status == 200 else { throw TestbedError("Prometheus says: \(response.text)") }
        return try JSONDecoder().decode(Answer.self, from: response.body).data.groups.flatMap(\.rules)
    }
}
