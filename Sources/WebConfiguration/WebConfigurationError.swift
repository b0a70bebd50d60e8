/// What is wrong with a web configuration, where, and what would be right.
///
/// It is made for logs and terminals, and holds no password hash and no private key.
package struct WebConfigurationError: Error, Equatable, CustomStringConvertible {
    /// A place in the file, both counted from 1.
    package struct Position: Equatable, Sendable {
        /// The line.
        package var line: Int
        /// The column, in Unicode scalars.
        package var column: Int
    }

    /// The path of the file, once it is known.
    package var file: String?
    /// Where the error is; nil if that is no single place.
    package var position: Position?
    /// The keys from the top down to what is wrong, joined by dots; empty for the whole.
    package var key = ""
    /// What is wrong, and what would be right.
    package var reason: String

    /// All of it, as `/etc/web.yml:3:5: tls_server_config.min_version: …`.
    package var description: String {
        var place = file ?? ""
        if let position {
            place +=
                file == nil
                ? "line \(position.line), column \(position.column)" : ":\(position.line):\(position.column)"
        }
        return [place, key, reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}
