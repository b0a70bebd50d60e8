import HTTPTypes

/// A strict parser of request heads (RFC 9112), fed with bytes as they come.
///
/// Each byte is looked at once, and the outcome does not depend on how the bytes are cut into pieces. Lines end with CRLF
/// and nothing else; what two parsers might understand differently is refused.
struct HTTPRequestParser {
    enum Outcome: Equatable {
        /// The bytes so far are the beginning of a request, or nothing.
        case needMore
        case request(HTTPRequest, HTTPPersistence)
        /// No handler is asked. The parser can go on only if the connection persists.
        case refuse(HTTPReply, HTTPPersistence, omittingBody: Bool)
    }

    private let limits: HTTPServerLimits
    /// What was received and not yet consumed. A head begins at its first byte.
    private var buffer: [UInt8] = []
    /// How many bytes of the buffer have been looked at.
    private var scanned = 0
    /// Where in the buffer the line begins that is being looked at.
    private var lineStart = 0
    private var head = Head()

    init(limits: HTTPServerLimits) {
        self.limits = limits
    }

    /// Whether a request has begun that is not complete.
    var isInsideHead: Bool { bufferedByteCount > 0 }

    /// How many bytes are kept.
    var bufferedByteCount: Int { buffer.count }

    mutating func append(_ bytes: [UInt8]) {
        buffer.append(contentsOf: bytes)
    }

    /// Goes on from where it stopped, to the end of one head or of the bytes there are.
    mutating func next() -> Outcome {
        do throws(Failure) {
            while scanned < buffer.count {
                guard let line = try scanByte() else { continue }
                guard let (request, persistence) = try head.take(line: line, limits: limits) else { continue }
                startOver()
                return .request(request, persistence)
            }
            return .needMore
        } catch {
            let omittingBody = head.requestLine?.method == .head
            let persistence = error.persistence
            startOver()
            return .refuse(error.refusal, persistence, omittingBody: omittingBody)
        }
    }

    /// Looks at one more byte; returns the line, without its CRLF, if that byte ends one.
    private mutating func scanByte() throws(Failure) -> ArraySlice<UInt8>? {
        guard scanned < limits.requestHeadBytes else {
            if head.requestLine == nil {
                throw Failure(.plainText(.uriTooLong, "The request line is too long."))
            }
            throw Failure(.plainText(.requestHeaderFieldsTooLarge, "The request's head is too large."))
        }
        let byte = buffer[scanned]
        let followsCR = scanned > lineStart && buffer[scanned - 1] == .carriageReturn
        scanned += 1
        switch byte {
        case .lineFeed:
            guard followsCR else { throw Failure(.badRequest("A line ends with LF alone.")) }
            defer { lineStart = scanned }
            return buffer[lineStart..<scanned - 2]
        case _ where followsCR:
            throw Failure(.badRequest("A CR is not followed by LF."))
        case .carriageReturn, .tab:
            return nil
        case 0..<0x20, 0x7F:
            throw Failure(.badRequest("The request's head holds a control character."))
        default:
            return nil
        }
    }

    private mutating func startOver() {
        buffer.removeFirst(scanned)
        scanned = 0
        lineStart = 0
        head = Head()
    }
}

extension HTTPRequestParser {
    /// Why a request is refused, and whether the connection persists: only if it is known where the request ends.
    fileprivate struct Failure: Error {
        var refusal: HTTPReply
        var persistence: HTTPPersistence

        init(_ refusal: HTTPReply, _ persistence: HTTPPersistence = .close) {
            self.refusal = refusal
            self.persistence = persistence
        }
    }

    /// A head, line by line.
    fileprivate struct Head {
        var requestLine: RequestLine?
        private var sawEmptyLine = false
        private var fields = HTTPFields()
        private var host: ArraySlice<UInt8>?

        /// Takes a line in; the empty one at the end of the head gives the request.
        mutating func take(
            line: ArraySlice<UInt8>,
            limits: HTTPServerLimits
        ) throws(Failure) -> (HTTPRequest, HTTPPersistence)? {
            guard let requestLine else {
                // One empty line before a request is allowed (RFC 9112, section 2.2).
                if line.isEmpty && !sawEmptyLine {
                    sawEmptyLine = true
                } else {
                    requestLine = try RequestLine(line)
                }
                return nil
            }
            if line.isEmpty {
                return try finish(requestLine)
            }
            guard fields.count < limits.requestFieldCount else {
                throw Failure(.plainText(.requestHeaderFieldsTooLarge, "The request has too many fields."))
            }
            try takeField(line)
            return nil
        }

        /// RFC 9112, section 5. Whitespace before the name (obs-fold included) or before the colon is no part of a
        /// token, so such a line is refused as one with an invalid name.
        private mutating func takeField(_ line: ArraySlice<UInt8>) throws(Failure) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
                let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
            else { throw Failure(.badRequest("A field has an invalid name.")) }
            let value = trimmed(line[(colon + 1)...])
            if name.canonicalName == "host" {
                guard host == nil else { throw Failure(.badRequest("The request has several Host fields.")) }
                guard isAuthority(value) else { throw Failure(.badRequest("The Host field is invalid.")) }
                host = value
            } else {
                fields.append(HTTPField(name: name, lenientValue: value))
            }
        }

        private func finish(_ requestLine: RequestLine) throws(Failure) -> (HTTPRequest, HTTPPersistence) {
            if host == nil && requestLine.minorVersion > 0 {
                throw Failure(.badRequest("The request has no Host field."))
            }
            let hasBody = try announcesBody(minorVersion: requestLine.minorVersion)
            let persistence = hasBody ? .close : persistence(minorVersion: requestLine.minorVersion)
            guard let target = requestLine.target else {
                var refusal = HTTPReply.plainText(.methodNotAllowed, "Only GET and HEAD are supported.")
                refusal.fields[.allow] = "GET, HEAD"
                throw Failure(refusal, persistence)
            }
            if hasBody {
                throw Failure(.plainText(.contentTooLarge, "A request with a body is not accepted."))
            }
            let authority = target.authority ?? host
            let request = HTTPRequest(
                method: requestLine.method,
                scheme: "http",
                authority: authority.map { String(decoding: $0, as: UTF8.self) },
                path: String(decoding: target.pathAndQuery, as: UTF8.self),
                headerFields: fields
            )
            return (request, persistence)
        }

        /// RFC 9112, section 6.3, without the leniency it allows: no repeated or listed Content-Length, no
        /// Transfer-Encoding beside it, in HTTP/1.0, or without `chunked` at its end.
        private func announcesBody(minorVersion: Int) throws(Failure) -> Bool {
            let lengths = fields[values: .contentLength]
            let codings = listItems(of: .transferEncoding)
            if fields.contains(.transferEncoding) {
                guard lengths.isEmpty else {
                    throw Failure(.badRequest("The request has both Transfer-Encoding and Content-Length."))
                }
                guard minorVersion > 0, codings.last == "chunked" else {
                    throw Failure(.badRequest("The Transfer-Encoding field is invalid."))
                }
                return true
            }
            guard let length = lengths.first else { return false }
            guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy(\.isDigit) else {
                throw Failure(.badRequest("The Content-Length field is invalid."))
            }
            return length.utf8.contains { $0 != UInt8(ascii: "0") }
        }

        private func persistence(minorVersion: Int) -> HTTPPersistence {
            let options = listItems(of: .connection)
            if options.contains("close") { return .close }
            if minorVersion > 0 { return .keepAlive }
            return options.contains("keep-alive") ? .keepAliveAnnounced : .close
        }

        /// The items of a comma-separated list of tokens, in lower case (RFC 9110, section 5.6.1).
        private func listItems(of name: HTTPField.Name) -> [String] {
            fields[values: name].flatMap { value in
                Array(value.utf8).split(separator: UInt8(ascii: ",")).map { item in
                    String(decoding: trimmed(item), as: UTF8.self).lowercased()
                }
            }
        }
    }

    /// RFC 9112, section 3: `GET /metrics HTTP/1.1`, with one space between the parts.
    fileprivate struct RequestLine {
        var method: HTTPRequest.Method
        /// The target of a GET or HEAD; other methods have other forms, and are refused.
        var target: RequestTarget?
        var minorVersion: Int

        init(_ line: ArraySlice<UInt8>) throws(Failure) {
            let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard parts.count == 3, let method = HTTPRequest.Method(String(decoding: parts[0], as: UTF8.self)) else {
                throw Failure(.badRequest("The request line is invalid."))
            }
            let version = Array(parts[2])
            guard version.count == 8, version.starts(with: "HTTP/".utf8), version[5].isDigit,
                version[6] == UInt8(ascii: "."), version[7].isDigit
            else { throw Failure(.badRequest("The HTTP version is invalid.")) }
            guard version[5] == UInt8(ascii: "1") else {
                throw Failure(.plainText(.httpVersionNotSupported, "Only HTTP/1 is supported."))
            }
            guard !parts[1].isEmpty, parts[1].allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw Failure(.badRequest("The request target is invalid."))
            }
            self.method = method
            minorVersion = Int(version[7] - UInt8(ascii: "0"))
            if method == .get || method == .head {
                guard let target = RequestTarget(parts[1]) else {
                    throw Failure(.badRequest("The request target is invalid."))
                }
                self.target = target
            }
        }
    }

    /// The two forms that GET and HEAD have: `/path?query` and `http://authority/path?query` (RFC 9112, section 3.2).
    fileprivate struct RequestTarget {
        /// The authority of the absolute form, which overrides the Host field.
        var authority: ArraySlice<UInt8>?
        var pathAndQuery: ArraySlice<UInt8>

        init?(_ target: ArraySlice<UInt8>) {
            if target.first == UInt8(ascii: "/") {
                pathAndQuery = target
            } else {
                let lowercased = target.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
                guard let scheme = ["http://", "https://"].first(where: { lowercased.starts(with: $0.utf8) }) else {
                    return nil
                }
                let rest = target.dropFirst(scheme.utf8.count)
                let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
                guard end > rest.startIndex, isAuthority(rest[..<end]) else { return nil }
                authority = rest[..<end]
                let hasPath = rest[end...].first == UInt8(ascii: "/")
                pathAndQuery = hasPath ? rest[end...] : [UInt8(ascii: "/")] + rest[end...]
            }
            // A fragment is no part of a request target. Escaped control characters are refused too.
            guard !pathAndQuery.contains(UInt8(ascii: "#")),
                let decoded = HTTPTarget.percentDecoded(pathAndQuery),
                decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { return nil }
        }
    }
}

/// Whether the bytes are a host, which may be empty, and perhaps a port (RFC 3986, sections 3.2.2 and 3.2.3).
private func isAuthority(_ bytes: ArraySlice<UInt8>) -> Bool {
    let host: ArraySlice<UInt8>
    let port: ArraySlice<UInt8>
    if bytes.first == UInt8(ascii: "[") {
        guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
        host = bytes[(bytes.startIndex + 1)..<bracket]
        port = bytes[(bracket + 1)...]
        guard isIPv6Address(host) else { return false }
    } else {
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        host = bytes[..<colon]
        port = bytes[colon...]
        guard host.allSatisfy({ $0.isAllowedInHostName }), HTTPTarget.percentDecoded(host) != nil else { return false }
    }
    return port.isEmpty || (port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(\.isDigit))
}

/// Whether the bytes are written as an IPv6 address, perhaps with a zone, as `fe80::1%25eth0` (RFC 6874, section 2).
private func isIPv6Address(_ bytes: ArraySlice<UInt8>) -> Bool {
    let percent = bytes.firstIndex(of: UInt8(ascii: "%")) ?? bytes.endIndex
    let (address, zone) = (bytes[..<percent], bytes[percent...])
    guard address.contains(UInt8(ascii: ":")), address.allSatisfy({ $0.isHexDigit || $0 == 0x3A || $0 == 0x2E }) else {
        return false
    }
    guard !zone.isEmpty else { return true }
    return zone.starts(with: "%25".utf8) && zone.count > 3
        && zone.allSatisfy { $0.isUnreserved || $0 == UInt8(ascii: "%") } && HTTPTarget.percentDecoded(zone) != nil
}

/// The bytes without the spaces and tabs around them.
private func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isVisible = { (byte: UInt8) in byte != UInt8(ascii: " ") && byte != .tab }
    guard let first = bytes.firstIndex(where: isVisible), let last = bytes.lastIndex(where: isVisible) else {
        return []
    }
    return bytes[first...last]
}

extension UInt8 {
    fileprivate static let tab = UInt8(ascii: "\t")
    fileprivate static let lineFeed = UInt8(ascii: "\n")
    fileprivate static let carriageReturn = UInt8(ascii: "\r")

    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
    fileprivate var isHexDigit: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }

    /// RFC 3986, section 2.3.
    fileprivate var isUnreserved: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~".utf8.contains(self)
        }
    }

    /// The characters of a reg-name, `%` among them: unreserved and sub-delims (RFC 3986, section 3.2.2).
    fileprivate var isAllowedInHostName: Bool { isUnreserved || "%!$&'()*+,;=".utf8.contains(self) }
}
