import HTTPTypes

/// What the server itself says to a request that no handler gets to see.
struct HTTPRefusal: Error, Equatable {
    var status: HTTPResponse.Status
    /// What is wrong, in a few words for the person at the other end.
    var reason: String

    static func badRequest(_ reason: String) -> HTTPRefusal {
        HTTPRefusal(status: .badRequest, reason: reason)
    }

    var reply: HTTPReply {
        var reply = HTTPReply.plainText(status, reason)
        switch status {
        case .methodNotAllowed: reply.fields[.allow] = "GET, HEAD"
        case .serviceUnavailable: reply.fields[.retryAfter] = "1"
        default: break
        }
        return reply
    }
}
