import HTTPTypes
import Testing

@testable import HTTP

/// Feeds the parser pieces of this many bytes, and gathers what comes out until it needs more or the connection ends.
func outcomes(
    of bytes: [UInt8],
    inPiecesOf size: Int,
    limits: HTTPServerLimits = HTTPServerLimits()
) -> [HTTPRequestParser.Outcome] {
    var parser = HTTPRequestParser(limits: limits)
    var outcomes: [HTTPRequestParser.Outcome] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
        parser.append(Array(bytes[start..<min(start + size, bytes.count)]))
        draining: while true {
            let outcome = parser.next()
            switch outcome {
            case .needMore: break draining
            case .refuse(_, .close, _):
                return outcomes + [outcome]
            case .request, .refuse: outcomes.append(outcome)
            }
        }
    }
    return outcomes
}

/// What comes of a text, made sure to be the same all at once and byte by byte.
private func outcomes(
    of text: String,
    limits: HTTPServerLimits = HTTPServerLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) -> [HTTPRequestParser.Outcome] {
    outcomes(of: Array(text.utf8), limits: limits, sourceLocation: sourceLocation)
}

private func outcomes(
    of bytes: [UInt8],
    limits: HTTPServerLimits = HTTPServerLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) -> [HTTPRequestParser.Outcome] {
    let atOnce = outcomes(of: bytes, inPiecesOf: max(bytes.count, 1), limits: limits)
    #expect(outcomes(of: bytes, inPiecesOf: 1, limits: limits) == atOnce, sourceLocation: sourceLocation)
    return atOnce
}

@Suite struct HTTPRequestParserTests {
    struct WellFormed: CustomTestStringConvertible {
        var text: String
        var method = HTTPRequest.Method.get
        var path = "/"
        var authority: String? = "h"
        var persistence = HTTPPersistence.keepAlive

        var testDescription: String { String(reflecting: text) }
    }

    static let wellFormed: [WellFormed] = [
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        WellFormed(text: "HEAD /metrics HTTP/1.1\r\nHost: h\r\n\r\n", method: .head, path: "/metrics"),
        WellFormed(
            text: "GET /m?collect[]=a&collect[]=b HTTP/1.1\r\nHost: h\r\n\r\n",
            path: "/m?collect[]=a&collect[]=b"
        ),
        WellFormed(text: "GET /%7Euser?q=%20%e2%82%AC HTTP/1.1\r\nHost: h\r\n\r\n", path: "/%7Euser?q=%20%e2%82%AC"),
        WellFormed(text: "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nhOsT:h\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: \t h \t \r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost:\r\n\r\n", authority: ""),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h:9177\r\n\r\n", authority: "h:9177"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h:\r\n\r\n", authority: "h:"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: [::1]:9177\r\n\r\n", authority: "[::1]:9177"),
        WellFormed(
            text: "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]:9177\r\n\r\n",
            authority: "[fe80::1%25eth0]:9177"
        ),
        WellFormed(
            text: "GET / HTTP/1.1\r\nHost: [fe80::1%25en%2D1]\r\n\r\n",
            authority: "[fe80::1%25en%2D1]"
        ),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", authority: "192.0.2.1"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: a_b%41!$&'()*+,;=\r\n\r\n", authority: "a_b%41!$&'()*+,;="),
        WellFormed(text: "GET http://x:1/p?q HTTP/1.1\r\nHost: h\r\n\r\n", path: "/p?q", authority: "x:1"),
        WellFormed(text: "GET HTTPS://x HTTP/1.1\r\nHost: h\r\n\r\n", authority: "x"),
        WellFormed(text: "GET http://x?q HTTP/1.1\r\nHost: h\r\n\r\n", path: "/?q", authority: "x"),
        WellFormed(text: "GET / HTTP/1.7\r\nHost: h\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 000\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\nX-Empty:\r\nX-Tab: a\tb\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\nX-Name: J\u{fc}rgen\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", persistence: .close),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\nConnection: te, CLOSE\r\n\r\n", persistence: .close),
        WellFormed(
            text: "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
            persistence: .close
        ),
        WellFormed(text: "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n"),
        WellFormed(text: "GET / HTTP/1.0\r\n\r\n", authority: nil, persistence: .close),
        WellFormed(text: "GET / HTTP/1.0\r\nHost: h\r\n\r\n", persistence: .close),
        WellFormed(
            text: "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
            authority: nil,
            persistence: .keepAliveAnnounced
        ),
    ]

    @Test("A well-formed request comes out as it was meant", arguments: wellFormed)
    func wellFormedRequest(_ expected: WellFormed) throws {
        let outcomes = outcomes(of: expected.text)
        guard outcomes.count == 1, case .request(let request, let persistence) = outcomes[0] else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(request.method == expected.method)
        #expect(request.path == expected.path)
        #expect(request.authority == expected.authority)
        #expect(persistence == expected.persistence)
    }

    @Test func fieldValuesComeWithoutTheSpaceAroundThem() throws {
        let text = "GET / HTTP/1.1\r\nHost: h\r\nAccept:  a/b ,\tc \t\r\naccept:d\r\nX-Empty: \r\n\r\n"
        guard case .request(let request, _)? = outcomes(of: text).first else {
            Issue.record("no request")
            return
        }
        #expect(request.headerFields[values: .accept] == ["a/b ,\tc", "d"])
        #expect(request.headerFields.map(\.value) == ["a/b ,\tc", "d", ""])
    }

    static let malformed: [(text: String, status: Int)] = [
        // Lines
        ("GET / HTTP/1.1\nHost: h\n\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\n\n", 400),
        ("GET / HTTP/1.1\rHost: h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\n\rX: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\u{b}b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\u{7f}b\r\n\r\n", 400),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("\n", 400),
        ("\u{16}\u{3}\u{1}", 400),
        // The request line
        ("GET /\r\n", 400),
        ("GET / \r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400),
        (" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("G\u{e4}T / HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / http/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1,1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/a.1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP 1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / XTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/0.9\r\n\r\n", 505),
        ("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        // The target
        ("GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET metrics HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET http:// HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET http:///p HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /#f HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /\u{e4} HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /% HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /%4 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /%4g HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /?a=%zz HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /?a=%0d%0a HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        ("GET /%7f HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        // Fields
        ("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX\t: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\n: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX@: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nX\u{e4}: a\r\n\r\n", 400),
        // Host
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nHost: h\r\nHost: i\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h i\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h/\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h:a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [x::]\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [fe80::1%25]\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: [%25eth0]\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [fe80::1%eth0]\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [fe80::1%25a/b]\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: [fe80::1%25%2]\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: %zz\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\u{e4}\r\n\r\n", 400),
        // Framing
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0, 0\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 413),
        ("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999999999\r\n\r\n", 413),
        // Methods, of requests with a body
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", 405),
        ("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 405),
    ]

    @Test("A malformed request is refused and the connection closed", arguments: malformed)
    func malformedRequest(text: String, status: Int) {
        let outcomes = outcomes(of: text)
        guard outcomes.count == 1, case .refuse(let refusal, let persistence, _) = outcomes[0] else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(refusal.status.code == status)
        #expect(persistence == .close)
    }

    @Test(
        "Another method is refused and the connection kept",
        arguments: ["OPTIONS *", "OPTIONS /", "POST /", "CONNECT h:443", "get /", "TRACE /", "BREW /pot"]
    )
    func otherMethod(methodAndTarget: String) {
        let outcomes = outcomes(
            of: "\(methodAndTarget) HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n"
        )
        guard outcomes.count == 2, case .refuse(let refusal, .keepAlive, _) = outcomes[0],
            case .request(let next, _) = outcomes[1]
        else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(refusal.status == .methodNotAllowed)
        #expect(refusal.fields[.allow] == "GET, HEAD")
        #expect(next.path == "/next")
    }

    @Test func pipelinedRequestsAreParsedInOrder() {
        let texts = (0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }
        let paths: [String?] = outcomes(of: texts.joined()).map { outcome in
            if case .request(let request, _) = outcome { request.path } else { nil }
        }
        #expect(paths == (0..<50).map { "/\($0)" })
    }

    @Test func theRefusalOfAHeadRequestHasNoBody() {
        let refused = outcomes(of: "HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n")
        let omitted = refused.map { if case .refuse(_, _, let omittingBody) = $0 { omittingBody } else { false } }
        #expect(omitted == [true])
    }

    @Test func aHeadOfExactlyTheLimitIsTakenAndOneByteMoreIsNot() throws {
        var limits = HTTPServerLimits()
        limits.requestHeadBytes = 100
        let frame = "GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n"
        let padding = String(repeating: "a", count: 100 - frame.utf8.count)
        let fitting = frame.replacing("X: ", with: "X: \(padding)")
        guard case .request? = outcomes(of: fitting, limits: limits).first else {
            Issue.record("a head of the limit's size is refused")
            return
        }
        #expect(statuses(of: fitting.replacing("X: ", with: "X: a"), limits: limits) == [431])
    }

    @Test func aLimitHoldsForEachRequestByItself() {
        var limits = HTTPServerLimits()
        limits.requestHeadBytes = 40
        let request = "GET /0123456 HTTP/1.1\r\nHost: h\r\n\r\n"
        #expect(outcomes(of: request + request + request, limits: limits).count == 3)
    }

    @Test func aRequestLineBeyondTheLimitIsATargetTooLong() {
        #expect(statuses(of: "GET /" + String(repeating: "a", count: 20_000)) == [414])
    }

    @Test func moreFieldsThanTheLimitAreRefused() {
        let fields = { (count: Int) in (0..<count).map { "X-\($0): a\r\n" }.joined() }
        let head = "GET / HTTP/1.1\r\nHost: h\r\n"
        #expect(statuses(of: head + fields(100) + "\r\n") == [])
        #expect(statuses(of: head + fields(101) + "\r\n") == [431])
    }

    private func statuses(of text: String, limits: HTTPServerLimits = HTTPServerLimits()) -> [Int] {
        outcomes(of: text, limits: limits).compactMap { outcome in
            if case .refuse(let refusal, _, _) = outcome { refusal.status.code } else { nil }
        }
    }

    @Test func mutatedRequestsAreParsedTheSameInAnyPiecesAndNeverSmuggleALineBreak() {
        var random = SplitMix64(state: 20_240_607)
        let seeds = Self.wellFormed.map { Array($0.text.utf8) }
        let troublesome = Array("\r\n\0 \t:%/HTP1.0,chunked".utf8)
        var requests = 0
        var refusals = 0
        for round in 0..<20_000 {
            var bytes = seeds.randomElement(using: &random) ?? []
            if Bool.random(using: &random) { bytes += seeds.randomElement(using: &random) ?? [] }
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                let byte =
                    Bool.random(using: &random)
                    ? UInt8.random(in: .min ... .max, using: &random) : troublesome.randomElement(using: &random) ?? 0
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = byte
                case 1: bytes.insert(byte, at: index)
                case 2 where bytes.count > 1: bytes.remove(at: index)
                default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &random))
                }
            }
            let atOnce = outcomes(of: bytes, inPiecesOf: bytes.count)
            #expect(outcomes(of: bytes, inPiecesOf: 1) == atOnce, "round \(round): \(bytes)")
            #expect(outcomes(of: bytes, inPiecesOf: 7) == atOnce, "round \(round): \(bytes)")
            for outcome in atOnce {
                guard case .request(let request, _) = outcome else {
                    refusals += 1
                    continue
                }
                requests += 1
                let values = request.headerFields.map(\.value) + [request.path ?? "", request.authority ?? ""]
                let forbidden = values.joined().utf8.contains { $0 == 0x0D || $0 == 0x0A || $0 == 0 }
                #expect(!forbidden, "round \(round): \(bytes)")
                #expect(request.method == .get || request.method == .head, "round \(round): \(bytes)")
            }
        }
        // Neither kind of outcome is so rare that the rounds would show nothing.
        #expect(requests > 2_000)
        #expect(refusals > 2_000)
    }
}

/// The generator of Steele, Lea and Flood: small, and the same everywhere, unlike the system's.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
