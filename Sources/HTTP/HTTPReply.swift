import HTTPTypes

/// A response with its body, as a handler gives it to the server.
///
/// The server adds `Date`, `Content-Length` and `Connection` itself and leaves out the body when the request's method
/// was HEAD, so a handler answers HEAD as it answers GET. The status is a final one that has a body: not 1xx, 204, 304.
package struct HTTPReply: Sendable, Equatable {
    /// The status code and its reason phrase.
    package var status: HTTPResponse.Status
    /// The fields of the head, less those that the server adds.
    package var fields: HTTPFields
    /// The body in pieces, which are sent one after another: pieces shared with another reply are not copied.
    package var bodyPieces: [[UInt8]]
    /// The slot that the reply takes up until it is sent or given up; nil for a reply that is not counted.
    package var slot: ReplySlots.Slot?

    /// The body, in full.
    package var body: [UInt8] { Array(bodyPieces.joined()) }

    /// A reply of these parts.
    package init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        bodyPieces = [body]
    }

    /// Whether the client gets the same.
    package static func == (one: HTTPReply, other: HTTPReply) -> Bool {
        one.status == other.status && one.fields == other.fields && one.bodyPieces == other.bodyPieces
    }

    /// A reply of one line of text, which no browser takes for anything but text.
    package static func plainText(_ status: HTTPResponse.Status, _ line: String) -> HTTPReply {
        HTTPReply(
            status: status,
            fields: [.contentType: "text/plain; charset=utf-8", .xContentTypeOptions: "nosniff"],
            body: Array("\(line)\n".utf8)
        )
    }

    /// A reply of one line of text to a client that may try again after this time, a second at least.
    package static func plainText(
        _ status: HTTPResponse.Status,
        _ line: String,
        retryAfter: Duration
    ) -> HTTPReply {
        var reply = plainText(status, line)
        reply.fields[.retryAfter] = String(max(1, retryAfter.components.seconds))
        return reply
    }

    static func badRequest(_ line: String) -> HTTPReply {
        plainText(.badRequest, line)
    }

    /// The bytes of the head: status line, fields, empty line (RFC 9112, section 4). The body follows as it is.
    ///
    /// A field value cannot split the response: HTTPTypes holds no CR, LF or NUL in one.
    func encodedHead(date: String, persistence: HTTPPersistence) -> [UInt8] {
        var head = "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
        for field in fields where !Self.fieldsOfTheServer.contains(field.name) {
            head += "\(field.name.rawName): \(field.value)\r\n"
        }
        head += "Date: \(date)\r\nContent-Length: \(bodyPieces.reduce(0) { $0 + $1.count })\r\n"
        if let connectionField = persistence.connectionField {
            head += "Connection: \(connectionField)\r\n"
        }
        return Array((head + "\r\n").utf8)
    }

    /// The fields that frame the message, which a handler cannot set.
    private static let fieldsOfTheServer: [HTTPField.Name] = [.date, .contentLength, .connection, .transferEncoding]
}

/// Whether a connection persists after a response, and how the response announces it (RFC 9112, section 9.3).
enum HTTPPersistence: Equatable {
    /// The server closes the connection.
    case close
    /// The connection stays, the default of HTTP/1.1.
    case keepAlive
    /// The connection stays because an HTTP/1.0 client asked for it, and the response has to announce it.
    case keepAliveAnnounced

    /// The value of the response's `Connection` field, or nil if it needs none.
    var connectionField: String? {
        switch self {
        case .close: "close"
        case .keepAlive: nil
        case .keepAliveAnnounced: "keep-alive"
        }
    }
}
