import HTTPTypes

@testable import HTTP

extension HTTPServerLimits {
    /// Limits that short inputs reach.
    static var ofFuzzing: HTTPServerLimits {
        var limits = HTTPServerLimits()
        limits.requestHeadBytes = 256
        limits.requestFieldCount = 4
        limits.lingerBytes = 64
        return limits
    }
}

/// The input is what a client sends on one connection.
func checkRequestParser(_ input: [UInt8]) throws {
    let atOnce = try outcomes(of: input, inPiecesOf: max(input.count, 1))
    for size in [1, 7] {
        try require(outcomes(of: input, inPiecesOf: size) == atOnce, "pieces of \(size) are taken otherwise")
    }
    // The shortest request is `GET / HTTP/1.0` and an empty line.
    let shortest = 18
    var taken = 0
    for case .request(let request, _) in atOnce {
        try checkRequest(request)
        taken += shortest
    }
    try require(taken <= input.count, "more was consumed than given")
}

private func outcomes(of input: [UInt8], inPiecesOf size: Int) throws -> [HTTPRequestParser.Outcome] {
    let limits = HTTPServerLimits.ofFuzzing
    var parser = HTTPRequestParser(limits: limits)
    var outcomes: [HTTPRequestParser.Outcome] = []
    for start in stride(from: 0, to: input.count, by: size) {
        parser.append(Array(input[start..<min(start + size, input.count)]))
        while true {
            let outcome = parser.next()
            if outcome == .needMore { break }
            outcomes.append(outcome)
            if case .refuse(_, .close, _) = outcome { return outcomes }
        }
        try require(parser.bufferedByteCount <= limits.requestHeadBytes, "more is kept than the longest head")
    }
    return outcomes
}

/// What must hold of a request that is taken.
private func checkRequest(_ request: HTTPRequest) throws {
    try require(request.method == .get || request.method == .head, "the method is taken: \(request)")
    guard let path = request.path, path.utf8.first == UInt8(ascii: "/") else {
        throw Violation(description: "no path: \(request)")
    }
    try require(path.utf8.allSatisfy { (0x21...0x7E).contains($0) }, "the path is not visible ASCII: \(request)")
    try require((request.authority ?? "").utf8.allSatisfy { (0x21...0x7E).contains($0) }, "authority: \(request)")
    try require(
        request.headerFields.count <= HTTPServerLimits.ofFuzzing.requestFieldCount,
        "too many fields: \(request)"
    )
    for field in request.headerFields {
        try require(field.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }, "a value holds a control")
    }
    try require(try reparsed(request) == request, "written plainly it is another request: \(request)")
}

/// What comes of a request that is written without any freedom that the grammar leaves.
private func reparsed(_ request: HTTPRequest) throws -> HTTPRequest? {
    var head = Array("\(request.method) \(request.path ?? "") HTTP/1.\(request.authority == nil ? 0 : 1)\r\n".utf8)
    if let authority = request.authority { head += "Host: \(authority)\r\n".utf8 }
    for field in request.headerFields {
        head += "\(field.name.rawName): ".utf8
        // Byte by byte, as they came: they need not be UTF-8.
        field.withUnsafeBytesOfValue { head += $0 }
        head += "\r\n".utf8
    }
    head += "\r\n".utf8
    var parser = HTTPRequestParser(limits: HTTPServerLimits())
    parser.append(head)
    guard case .request(let request, _) = parser.next() else { return nil }
    try require(!parser.isInsideHead, "a request holds another: \(request)")
    return request
}
