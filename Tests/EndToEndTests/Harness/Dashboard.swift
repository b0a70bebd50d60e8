import Foundation

/// A dashboard of Grafana's classic model, as far as the tests look at it.
struct Dashboard: Decodable, Sendable {
    struct Variable: Decodable, Sendable {
        let name: String
        let type: String
        let query: Query
        let datasource: DataSource?
        let refresh: Int?
    }

    /// Of a data source it is an object with the query in it, else a string.
    struct Query: Decodable, Sendable {
        let text: String

        private enum CodingKeys: String, CodingKey { case query }

        init(from decoder: any Decoder) throws {
            if let container = try? decoder.container(keyedBy: CodingKeys.self) {
                text = try container.decode(String.self, forKey: .query)
            } else {
                text = try decoder.singleValueContainer().decode(String.self)
            }
        }
    }

    struct DataSource: Decodable, Sendable {
        let uid: String
    }

    struct Panel: Decodable, Sendable {
        let type: String
        let title: String
        let description: String?
        let datasource: DataSource?
        let gridPos: Place
        let fieldConfig: FieldConfig?
        let targets: [Target]?
    }

    struct Place: Decodable, Sendable {
        let x: Int
        let y: Int
        let w: Int
        let h: Int
    }

    struct FieldConfig: Decodable, Sendable {
        struct Defaults: Decodable, Sendable {
            let unit: String?
        }

        let defaults: Defaults
    }

    struct Target: Decodable, Sendable {
        let refId: String
        let datasource: DataSource?
        let expr: String
    }

    struct Link: Decodable, Sendable {
        let url: String
        let includeVars: Bool
        let keepTime: Bool
    }

    struct Templating: Decodable, Sendable {
        let list: [Variable]
    }

    let uid: String
    let editable: Bool
    let links: [Link]
    let templating: Templating
    let panels: [Panel]

    static let directory = TestbedFiles.scripts.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "grafana")

    /// The JSON of a dashboard, by the name of its file.
    static func json(_ name: String) throws -> String {
        try String(contentsOf: directory.appending(path: "\(name).json"), encoding: .utf8)
    }

    init(json: String) throws {
        self = try JSONDecoder().decode(Dashboard.self, from: Data(json.utf8))
    }
}

extension Dashboard.Target {
    /// The query with the values of the variables in it.
    func query(_ values: [String: String]) throws -> String {
        try expr.replacing(/\$(\w+)/) { match in
            try present(values[String(match.1)], "variable \(match.0)")
        }
    }
}
