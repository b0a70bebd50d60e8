import HTTPTypes

/// A response with its body, as a handler gives it to the server.
///
/// The server adds `Date`, `Content-Length` and `Connection` itself and leaves out the body when the request's method
/// was HEAD, so a handler answers HEAD as it answers GET. The status is a final one that has a body: not 1xx, 204, 304.
public struct HTTPReply: Sendable, Equatable {
    /// The status code and its reason phrase.
    public var status: HTTPResponse.Status
    /// The fields of the head, less those that the server adds.
    public var fields: HTTPFields
    /// The body in pieces, which are sent one after another: those that another reply has too are not copied.
    public var bodyPieces: [[UInt8]]
    /// What lives as long as the reply does: until the client has it, or is given up.
    public var companion: (any AnyObject & Sendable)?

    /// The body, in full.
    public var body: [UInt8] { Array(bodyPieces.joined()) }

    /// A reply of these parts.
    public init(status: HTTPResponse.Status, fields: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.fields = fields
        bodyPieces = [body]
    }

    /// Whether the client gets the same.
    public static func == (one: HTTPReply, other: HTTPReply) -> Bool {
        one.status == other.status && one.fields == other.fields && one.bodyPieces == other.bodyPieces
    }

    /// A reply of one line of text, which no browser will take for anything but text.
    public static func plainText(_ status: HTTPResponse.Status, _ line: String) -> HTTPReply {
        HTTPReply(
            status: status,
            fields: [.contentType: "text/plain; charset=utf-8", .xContentTypeOptions: "nosniff"],
            body: Array("\(line)\n".utf8)
        )
    }
}
