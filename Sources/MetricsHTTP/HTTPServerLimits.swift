/// How much of the server's time, memory and descriptors its clients may take up.
///
/// The times are enforced to within an eighth of the shortest of them, and a second at most.
public struct HTTPServerLimits: Sendable, Equatable {
    /// The longest request line, fields and empty line together, in bytes. More is answered 414 or 431.
    public var requestHeadBytes = 16 * 1024
    /// The most field lines a request may have. More are answered 431.
    public var requestFieldCount = 100
    /// The time from accepting a connection, or from the first byte of a later request, until the head is complete. A
    /// slower one is answered 408.
    public var requestHeadTimeout: Duration = .seconds(10)
    /// How long a connection may wait for its next request before it is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a client may read nothing of a response before the connection is closed.
    public var writeTimeout: Duration = .seconds(30)
    /// How long sending one response may take altogether before the connection is closed: whoever reads a byte now and
    /// then would have the server keep it for ever.
    public var responseTimeout: Duration = .seconds(60)
    /// How long a connection that the server ends waits for the client to close it, so that the client has the time to
    /// read the last response (RFC 9112, section 9.6).
    public var lingerTimeout: Duration = .seconds(2)
    /// How many bytes are read and dropped meanwhile.
    public var lingerBytes = 256 * 1024
    /// The most connections served at a time. One more is answered 503.
    public var maximumConnections = 512
    /// The most of them that one client network may have, so that none of them keeps all others out. Clients of this host
    /// by a Unix socket are not counted: a proxy has everybody's connections.
    public var maximumConnectionsOfNetwork = 256
    /// How many connections beyond the limit may be waiting for their 503 to be read; more are closed at once.
    public var maximumRefusedConnections = 64

    /// The limits that suit a metrics endpoint.
    public init() {}

    /// Those that suit one in a process that may have so many descriptors open: the connections leave it 64 for all else.
    public init(descriptors: Int) {
        let forConnections = max(2, descriptors - 64)
        maximumConnections = min(maximumConnections, forConnections - forConnections / 9)
        maximumConnectionsOfNetwork = min(maximumConnectionsOfNetwork, max(1, maximumConnections / 2))
        maximumRefusedConnections = min(maximumRefusedConnections, forConnections / 9)
    }

    var sweepInterval: Duration {
        let shortest = min(requestHeadTimeout, idleTimeout, writeTimeout, lingerTimeout)
        return max(.milliseconds(1), min(.seconds(1), shortest / 8))
    }
}
