import HTTP
import HTTPTypes

/// Which clients may connect, and how: the file of `--web.config.file`, in the format of Prometheus' own exporters
/// (github.com/prometheus/exporter-toolkit, docs/web-configuration.md).
package struct WebConfiguration: Sendable, Equatable {
    /// How TLS is served; nil for HTTP without it.
    package var tls: TLSServerConfiguration?
    /// Whether the file asks for HTTP/2, which is not served.
    package var asksForHTTP2 = false
    /// The fields that each response has besides the page's own.
    package var headers: HTTPFields = [:]
    /// The hashes of the passwords by the names of their users, as bytes (RFC 7617). Empty: no password is asked for.
    private(set) var users: [[UInt8]: BcryptHash] = [:]
    /// The same hashes, always in the same order: the passwords of unknown users are checked against them.
    private(set) var decoys: [BcryptHash] = []
    /// The rate limit of all clients together; nil for none.
    package var rateLimit: RateLimit?

    /// A configuration that restricts nothing.
    package init() {}

    /// Restricts access to these users.
    mutating func setUsers(_ users: [[UInt8]: BcryptHash]) {
        self.users = users
        decoys = users.values.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    }

    /// How many users there are.
    package var userCount: Int { users.count }

    /// Whether it restricts access in any way.
    package var isRestricting: Bool { tls != nil || !users.isEmpty || rateLimit != nil }
}

/// A bucket of tokens: a request takes one, and each interval puts one back.
package struct RateLimit: Sendable, Equatable {
    /// The time in which one token is added.
    package var interval: Duration
    /// How many tokens the bucket holds: requests at once.
    package var burst: Int
}
