/// What becomes of a connection after a response, and how the response says so (RFC 9112, section 9.3).
enum HTTPPersistence: Equatable {
    /// The server closes the connection.
    case close
    /// The connection stays, as HTTP/1.1 takes for granted.
    case keepAlive
    /// The connection stays because an HTTP/1.0 client asked for it, and it needs to be told.
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
