import FoundationEssentials

/// A name and a password, as a client sends them in the `Basic` scheme of HTTP (RFC 7617).
struct BasicCredentials: Hashable, Sendable {
    var user: [UInt8]
    var password: [UInt8]
}

extension BasicCredentials {
    /// Reads the value of an `Authorization` field; nil for other schemes and malformed values.
    init?(authorization: String) {
        let parts = authorization.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
        // The scheme is written in any case (RFC 9110, section 11.1).
        guard parts.count == 2, String(Substring(parts[0])).lowercased() == "basic" else { return nil }
        let encoded = String(Substring(parts[1])).trimmingPrefix { $0 == " " }
        // Foundation accepts superfluous padding.
        guard encoded.utf8.count % 4 == 0, let decoded = Data(base64Encoded: String(encoded)),
            // The first colon ends the name; the password may hold others.
            let colon = decoded.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        user = Array(decoded[..<colon])
        password = Array(decoded[(colon + 1)...])
    }
}
