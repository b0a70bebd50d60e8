import HTTPTypes

/// Who may ask, and over what: the file of `--web.config.file`, in the format that every exporter of Prometheus' own has
/// (github.com/prometheus/exporter-toolkit, docs/web-configuration.md).
public struct WebConfiguration: Sendable, Equatable {
    /// How TLS is served; nil for HTTP without it.
    public var tls: TLSServerConfiguration?
    /// Whether HTTP/2 is asked for in so many words.
    public var asksForHTTP2 = false
    /// What each response has in its head besides the page's own fields.
    public var headers: HTTPFields = [:]
    /// The hashes of the passwords by the names of their users, as bytes (RFC 7617). Empty: no password is asked for.
    private(set) var users: [[UInt8]: BcryptHash] = [:]
    /// The same hashes, always in the same order: what the passwords of unknown users are checked against.
    private(set) var decoys: [BcryptHash] = []
    /// How many requests are answered in what time; nil for any number.
    public var rateLimit: RateLimit?

    /// A configuration that restricts nothing.
    public init() {}

    /// Asks these users for their passwords, and nobody else.
    mutating func setUsers(_ users: [[UInt8]: BcryptHash]) {
        self.users = users
        decoys = users.values.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// How many users there are.
    public var userCount: Int { users.count }

    /// Whether it keeps anybody out.
    public var isRestricting: Bool { tls != nil || !users.isEmpty || rateLimit != nil }
}

/// A bucket of tokens: a request takes one, and each interval puts one back.
public struct RateLimit: Sendable, Equatable {
    /// The time in which one request is let through.
    public var interval: Duration
    /// How many may come at once.
    public var burst: Int
}
