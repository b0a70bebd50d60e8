import COpenSSL

extension TLSContext {
    /// The suites of TLS 1.2 that are served unless others are configured, best first: those that RFC 9325, section 4.2,
    /// recommends and Go has.
    private static let recommendedSuites = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    ]

    /// Further suites of TLS 1.2 that may be configured: with those above, all that `tls.CipherSuites()` of Go 1.25
    /// names, which leaves out those with known weaknesses.
    private static let otherSuites = [
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    ]

    /// The suites of TLS 1.3 (RFC 8446, appendix B.4), all of which are always served, as in Go.
    private static let suitesOfTLS13 = [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    ]

    private static let curves = ["X25519": "X25519", "CurveP256": "P-256", "CurveP384": "P-384", "CurveP521": "P-521"]

    /// Sets the versions, and the suites of TLS 1.2. A list that has none of these serves no TLS 1.2, as in Go.
    func set(
        _ minimum: TLSServerConfiguration.Version,
        _ maximum: TLSServerConfiguration.Version,
        suites: [String]
    ) throws(TLSConfigurationError) {
        guard minimum == .tls12 || maximum == .tls13 else {
            throw TLSConfigurationError(
                setting: "min_version",
                reason: "\(minimum.rawValue) is above max_version, \(maximum.rawValue); it has to be that or less"
            )
        }
        for suite in suites where !(Self.recommendedSuites + Self.otherSuites + Self.suitesOfTLS13).contains(suite) {
            throw TLSConfigurationError(
                setting: "cipher_suites",
                reason: "\"\(suite)\" is unknown or insecure; it has to be one of "
                    + (Self.recommendedSuites + Self.otherSuites).joined(separator: ", ")
            )
        }
        let suitesOfTLS12 = (suites.isEmpty ? Self.recommendedSuites : suites).filter {
            !Self.suitesOfTLS13.contains($0)
        }
        guard maximum == .tls13 || !suitesOfTLS12.isEmpty else {
            throw TLSConfigurationError(
                setting: "cipher_suites",
                reason: "holds no suite of TLS 1.2, and max_version is TLS12; it has to have one of "
                    + (Self.recommendedSuites + Self.otherSuites).joined(separator: ", ")
            )
        }
        let effectiveMinimum = suitesOfTLS12.isEmpty ? .tls13 : minimum
        TLSError.clear()
        guard COpenSSL_CTX_set_min_proto_version(handle, effectiveMinimum.number) == 1,
            COpenSSL_CTX_set_max_proto_version(handle, maximum.number) == 1
        else {
            throw TLSConfigurationError(setting: "min_version", reason: "\(TLSError.takeLast())")
        }
        guard !suitesOfTLS12.isEmpty else { return }
        let names = suitesOfTLS12.map { String(cString: OPENSSL_cipher_name($0)) }
        guard SSL_CTX_set_cipher_list(handle, names.joined(separator: ":")) == 1 else {
            throw TLSConfigurationError(
                setting: "cipher_suites",
                reason: "OpenSSL serves none of \(suitesOfTLS12.joined(separator: ", ")) (\(TLSError.takeLast()))"
            )
        }
    }

    /// Sets the curves, best first; with none, OpenSSL's own choice stays.
    func setCurves(_ names: [String]) throws(TLSConfigurationError) {
        guard !names.isEmpty else { return }
        var groups: [String] = []
        for name in names {
            guard let group = Self.curves[name] else {
                throw TLSConfigurationError(
                    setting: "curve_preferences",
                    reason: "\"\(name)\" is unknown; it has to be one of "
                        + Self.curves.keys.sorted().joined(separator: ", ")
                )
            }
            // OpenSSL takes none twice.
            if !groups.contains(group) { groups.append(group) }
        }
        TLSError.clear()
        guard COpenSSL_CTX_set1_groups_list(handle, groups.joined(separator: ":")) == 1 else {
            throw TLSConfigurationError(setting: "curve_preferences", reason: "\(TLSError.takeLast())")
        }
    }
}

extension TLSServerConfiguration.Version {
    fileprivate var number: Int32 {
        switch self {
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }
}
