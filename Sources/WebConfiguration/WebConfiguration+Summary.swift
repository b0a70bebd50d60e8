import HTTP

extension WebConfiguration {
    /// A short summary for an operator.
    package var summary: String {
        var parts = [tls.map(Self.summary) ?? "HTTP without TLS"]
        switch users.count {
        case 0: parts.append("no passwords")
        case 1: parts.append("a password (1 user)")
        default: parts.append("passwords (\(users.count) users)")
        }
        if let rateLimit {
            parts.append("a request each \(rateLimit.interval), \(rateLimit.burst) at once")
        }
        if !headers.isEmpty {
            parts.append("headers \(headers.map(\.name.rawName).joined(separator: ", "))")
        }
        return parts.joined(separator: "; ")
    }

    private static func summary(of tls: TLSServerConfiguration) -> String {
        let versions =
            tls.minimumVersion == tls.maximumVersion
            ? tls.minimumVersion.words : "\(tls.minimumVersion.words) to \(tls.maximumVersion.words)"
        let clients =
            switch tls.clientAuthentication {
            case .noClientCert: "no client certificates"
            case .requestClientCert: "client certificates not needed, not verified"
            case .requireAnyClientCert: "a client certificate of any issuer"
            case .verifyClientCertIfGiven: "client certificates verified, not needed"
            case .requireAndVerifyClientCert: "a verified client certificate"
            }
        let names = tls.allowedClientNames.isEmpty ? "" : " for \(tls.allowedClientNames.joined(separator: " or "))"
        return "HTTPS with \(versions); \(clients)\(names)"
    }
}

extension TLSServerConfiguration.Version {
    fileprivate var words: String {
        switch self {
        case .tls12: "TLS 1.2"
        case .tls13: "TLS 1.3"
        }
    }
}
