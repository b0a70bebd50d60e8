import HTTPTypes

@testable import HTTP
@testable import WebConfiguration

/// The input is the file of `--web.config.file`.
func checkWebConfiguration(_ input: [UInt8]) throws {
    let configuration: WebConfiguration
    do {
        configuration = try WebConfiguration(yaml: input, directory: "/etc")
    } catch {
        let message = error.description
        try require(!message.isEmpty, "refused without a reason")
        try require(!message.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }, "no line: \(message)")
        for secret in secrets(in: input) {
            try require(!message.contains(secret), "a secret is shown: \(message)")
        }
        return
    }
    try require(configuration.headers.count <= 5, "more fields than there are: \(configuration.headers)")
    let written = yaml(of: configuration)
    let reread = try? WebConfiguration(yaml: Array(written.utf8), directory: "/var")
    try require(reread == configuration, "does not read back: \(written)")
}

/// What follows the cost of a bcrypt hash, wherever one is.
private func secrets(in input: [UInt8]) -> [String] {
    String(decoding: input, as: UTF8.self).matches(of: /\$2.\$..\$([.\/A-Za-z0-9]{20,})/).map { String($0.1) }
}

/// The same configuration in other words: every path absolute, every text in quotes.
private func yaml(of configuration: WebConfiguration) -> String {
    var lines: [String] = []
    if let tls = configuration.tls {
        lines.append("tls_server_config:")
        lines += pem("cert", tls.certificate) + pem("key", tls.key)
        lines += tls.clientAuthorities.map { pem("client_ca", $0) } ?? []
        lines.append("  client_auth_type: \(tls.clientAuthentication.rawValue)")
        if !tls.allowedClientNames.isEmpty { lines.append("  client_allowed_sans: \(list(tls.allowedClientNames))") }
        lines += ["  min_version: \(tls.minimumVersion.rawValue)", "  max_version: \(tls.maximumVersion.rawValue)"]
        lines.append("  cipher_suites: \(list(tls.cipherSuites))")
        lines.append("  prefer_server_cipher_suites: \(tls.prefersServerCipherSuites)")
        lines.append("  curve_preferences: \(list(tls.curves))")
    }
    lines += ["http_server_config:", "  http2: \(configuration.asksForHTTP2)", "  headers:"]
    lines += configuration.headers.map { "    \($0.name.rawName): \(quoted($0.value))" }
    if !configuration.users.isEmpty {
        lines.append("basic_auth_users:")
        lines += configuration.users.map { user, hash in
            "  \(quoted(String(decoding: user, as: UTF8.self))): \(String(decoding: hash.bytes, as: UTF8.self))"
        }
    }
    if let limit = configuration.rateLimit {
        let (seconds, attoseconds) = limit.interval.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        lines.append("rate_limit: {interval: \(nanoseconds)ns, burst: \(limit.burst)}")
    }
    return lines.joined(separator: "\n")
}

private func pem(_ name: String, _ pem: TLSServerConfiguration.PEM) -> [String] {
    switch pem {
    case .file(let path): ["  \(name)_file: \(quoted(path))"]
    case .inline(let text): ["  \(name): \(quoted(text))"]
    }
}

private func list(_ names: [String]) -> String {
    "\n" + names.map { "    - \(quoted($0))" }.joined(separator: "\n")
}

private func quoted(_ text: String) -> String {
    let escaped = text.unicodeScalars.map { scalar in
        let digits = String(scalar.value, radix: 16)
        return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
    return "\"\(escaped.joined())\""
}
