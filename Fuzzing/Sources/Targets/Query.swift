@testable import ExporterService
@testable import HTTP

/// The input is the path and query of a request.
func checkQuery(_ input: [UInt8]) throws {
    let text = String(decoding: input, as: UTF8.self)
    let target = HTTPTarget(text)
    try require(!target.path.utf8.contains(UInt8(ascii: "?")), "a query is taken for a path: \(text)")
    let parts = [target.path] + (target.query.map { [$0] } ?? [])
    try require(
        Array(parts.joined(separator: "?").utf8) == Array(text.utf8),
        "path and query are not the whole: \(text)"
    )

    let items = target.queryItems
    let written = items.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }.joined(separator: "&")
    let reread = HTTPTarget("/?\(written)").queryItems
    try require(items.elementsEqual(reread, by: ==), "the items do not read back: \(text)")

    let enabled: Set<MetricCollector> = [.domain, .memoryStats, .host]
    let chosen = try? MetricCollector.chosen(
        collect: target.queryValues(named: "collect[]"),
        exclude: target.queryValues(named: "exclude[]"),
        of: enabled
    )
    try require(chosen?.isSubset(of: enabled) ?? true, "a collector that is turned off is chosen: \(text)")
}

private func percentEncoded(_ text: String) -> String {
    text.utf8.map { byte in "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
