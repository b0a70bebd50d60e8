/// One line of an exposition: a value of a metric.
struct Sample: Sendable {
    let name: String
    let labels: [String: String]
    let value: Double
}
