/// How much of the server's time, memory and descriptors its clients may take up.
///
/// The times are enforced to within an eighth of the shortest of them, and a second at most.
package struct HTTPServerLimits: Sendable, Equatable {
    /// The longest request line, fields and empty line together, in bytes. More is answered 414 or 431.
    package var requestHeadBytes = 16 * 1024
    /// The most field lines a request may have. More are answered 431.
    package var requestFieldCount = 100
    /// The time from accepting a connection, or from the first byte of a later request, until the head is complete. A
    /// slower one is answered 408.
    package var requestHeadTimeout: Duration = .seconds(10)
    /// How long a connection may wait for its next request before it is closed.
    package var idleTimeout: Duration = .seconds(300)
    /// How long a client may read nothing of a response before the connection is closed.
    package var writeTimeout: Duration = .seconds(30)
    /// How long sending one response may take altogether, however steadily the client reads.
    package var responseTimeout: Duration = .seconds(60)
    /// How long a connection that the server ends waits for the client to close it, so that the client has the time to
    /// read the last response (RFC 9112, section 9.6).
    package var lingerTimeout: Duration = .seconds(2)
    /// How many bytes are read and dropped meanwhile.
    package var lingerBytes = 256 * 1024
    /// The most connections at a time. For one more, the connection is closed that has waited the longest for its
    /// client: for a request, or for the client to read an answer.
    package var maximumConnections = 512
    /// How long a client must have read nothing of an answer before its connection may be closed for a new one.
    package var stallTimeout: Duration = .seconds(2)

    /// The limits that suit a metrics endpoint.
    package init() {}

    /// Those that suit one in a process that may have so many descriptors open: 64 are left to everything else.
    package init(descriptors: Int) {
        let forConnections = max(2, descriptors - 64)
        maximumConnections = min(maximumConnections, max(1, forConnections - forConnections / 8))
    }

    /// How many connections may be open, those included that are being closed for new ones.
    var maximumOpenConnections: Int { maximumConnections + max(1, maximumConnections / 8) }

    var sweepInterval: Duration {
        let shortest = min(requestHeadTimeout, idleTimeout, writeTimeout, lingerTimeout)
        return max(.milliseconds(1), min(.seconds(1), shortest / 8))
    }
}
