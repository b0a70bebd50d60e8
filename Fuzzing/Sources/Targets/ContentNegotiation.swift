import Exposition

@testable import ExporterService

/// The input's first line is the value of an Accept field, the rest that of an Accept-Encoding field.
func checkContentNegotiation(_ input: [UInt8]) throws {
    let fields = input.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    let accept = Array(fields[0])
    let format = ExpositionFormat.negotiated(accept: text(accept))
    try require(
        format == .text || text(accept).lowercased().contains("application/openmetrics-text"),
        "OpenMetrics, which nobody asked for"
    )
    for other in equivalents(of: accept) {
        try require(ExpositionFormat.negotiated(accept: text(other)) == format, "not \(format): \(text(other))")
    }

    let acceptEncoding = Array(fields.dropFirst().first ?? [])
    let isGzip = acceptsGzip(text(acceptEncoding))
    try require(
        !isGzip || text(acceptEncoding).lowercased().contains("gzip") || acceptEncoding.contains(UInt8(ascii: "*")),
        "gzip, which nobody asked for"
    )
    for other in equivalents(of: acceptEncoding) {
        try require(acceptsGzip(text(other)) == isGzip, "gzip is not \(isGzip): \(text(other))")
    }
}

/// Fields that mean the same (RFC 9110, section 5.6): in the other order, in other case, with space around the
/// separators, with an item more that nobody knows.
private func equivalents(of field: [UInt8]) -> [[UInt8]] {
    let comma = UInt8(ascii: ",")
    let reversed = field.split(separator: comma, omittingEmptySubsequences: false).reversed()
    let spaced = field.flatMap { [comma, UInt8(ascii: ";")].contains($0) ? [0x20, $0, 0x09] : [$0] }
    let capital = field.map { (0x61...0x7A).contains($0) ? $0 & ~0x20 : $0 }
    return [Array(reversed.joined(separator: [comma])), spaced, capital, field + ",x-unknown;q=0.7".utf8]
}

private func text(_ field: [UInt8]) -> String {
    String(decoding: field, as: UTF8.self)
}
