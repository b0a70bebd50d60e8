/// What is wrong with a web configuration, where, and what would be right.
///
/// It holds no password's hash and no private key: it is for logs and terminals.
public struct WebConfigurationError: Error, Equatable, CustomStringConvertible {
    /// A place in the file, both counted from 1.
    public struct Position: Equatable, Sendable {
        /// The line.
        public var line: Int
        /// The column, in Unicode scalars.
        public var column: Int
    }

    /// The path of the file, once it is known.
    public var file: String?
    /// Where it is wrong; nil if that is no single place.
    public var position: Position?
    /// The keys from the top down to what is wrong, joined by dots; empty for the whole.
    public var key = ""
    /// What is wrong, and what would be right.
    public var reason: String

    /// All of it, as `/etc/web.yml:3:5: tls_server_config.min_version: …`.
    public var description: String {
        var place = file ?? ""
        if let position {
            place +=
                file == nil
                ? "line \(position.line), column \(position.column)" : ":\(position.line):\(position.column)"
        }
        return [place, key, reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
