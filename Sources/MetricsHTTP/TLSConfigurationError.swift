/// Why a `TLSServerConfiguration` cannot be served.
public struct TLSConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The setting at fault, by its name in the web configuration, with its file if it has one: `key_file /etc/key.pem`,
    /// `key (inline)`.
    public let setting: String
    /// What is wrong with it, and what would be right.
    public let reason: String

    /// Both, as `key_file /etc/key.pem: Permission denied`.
    public var description: String { "\(setting): \(reason)" }
}
