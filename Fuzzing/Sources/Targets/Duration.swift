@testable import ExporterService

/// The input is a duration as Prometheus writes it.
func checkDuration(_ input: [UInt8]) throws {
    let text = String(decoding: input, as: UTF8.self)
    let duration = try? PrometheusDuration(parsing: text)
    guard let duration else {
        try require(milliseconds(of: text) == nil, "refused: \(text)")
        return
    }
    try require(milliseconds(of: text).map { .milliseconds($0) } == duration.duration, "read as \(duration): \(text)")
    try require(try PrometheusDuration(parsing: duration.description) == duration, "does not read back: \(duration)")
}

/// The same by the grammar of Prometheus (common/model, ParseDuration), and whole seconds; nil for what is neither.
private func milliseconds(of text: String) -> Int64? {
    let number = text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? text + "s" : text
    let grammar = /(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?/
        .matchingSemantics(.unicodeScalar)
    guard !text.isEmpty, let parts = number.wholeMatch(of: grammar)?.output else { return nil }
    let units: [(Substring?, Int64)] = [
        (parts.1, 365 * 86_400_000), (parts.2, 7 * 86_400_000), (parts.3, 86_400_000), (parts.4, 3_600_000),
        (parts.5, 60_000), (parts.6, 1000), (parts.7, 1),
    ]
    var total: Int64 = 0
    for (digits, unit) in units {
        guard let digits else { continue }
        guard let number = Int64(digits) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        let (sum, sumOverflow) = total.addingReportingOverflow(product)
        guard !overflow, !sumOverflow else { return nil }
        total = sum
    }
    return total
}
