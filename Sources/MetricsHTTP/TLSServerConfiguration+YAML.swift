extension TLSServerConfiguration {
    /// `tls_server_config`.
    init(_ value: YAMLValue, directory: String) throws(WebConfigurationError) {
        let values = try value.values(of: [
            "cert_file", "cert", "key_file", "key", "client_ca_file", "client_ca", "client_auth_type",
            "client_allowed_sans", "min_version", "max_version", "cipher_suites", "prefer_server_cipher_suites",
            "curve_preferences",
        ])
        guard let certificate = try PEM(values, "cert", directory: directory) else {
            throw value.error("cert_file is missing (or cert, with the certificate itself)")
        }
        guard let key = try PEM(values, "key", directory: directory) else {
            throw value.error("key_file is missing (or key, with the private key itself)")
        }
        self.init(certificate: certificate, key: key)
        clientAuthorities = try PEM(values, "client_ca", directory: directory)
        try takeClients(values, value)
        try takeVersions(values)
        if let value = values["cipher_suites"] { cipherSuites = try suites(value) }
        prefersServerCipherSuites = try values["prefer_server_cipher_suites"]?.boolean() ?? prefersServerCipherSuites
        curves = try values["curve_preferences"]?.names(of: "curves", Self.knownCurves) ?? []
    }

    private mutating func takeClients(
        _ values: [String: YAMLValue],
        _ whole: YAMLValue
    ) throws(WebConfigurationError) {
        if let value = values["client_auth_type"] {
            let names = ClientAuthentication.allCases.map(\.rawValue)
            let name = try value.text("one of \(names.joined(separator: ", "))") ?? ""
            // RequireClientCert is its name in exporter-toolkit's first versions, which the toolkit still takes.
            let current = name == "RequireClientCert" ? ClientAuthentication.requireAnyClientCert.rawValue : name
            guard let type = current.isEmpty ? .noClientCert : ClientAuthentication(rawValue: current) else {
                throw value.error("not one of \(names.joined(separator: ", "))")
            }
            clientAuthentication = type
        }
        let policy = values["client_auth_type"] ?? whole
        if clientAuthorities != nil && clientAuthentication == .noClientCert {
            throw policy.error("there is a client_ca, but client_auth_type asks no client for a certificate")
        }
        let verifies = [.verifyClientCertIfGiven, .requireAndVerifyClientCert].contains(clientAuthentication)
        if clientAuthorities == nil && verifies {
            throw policy.error("client_ca_file is missing (or client_ca): no certificate could be verified")
        }
        guard let value = values["client_allowed_sans"], let names = try value.list("a list of names") else { return }
        for name in names {
            guard let text = try name.text("a name"), !text.isEmpty else { throw name.error("not a name") }
            allowedClientNames.append(text)
        }
        guard !allowedClientNames.isEmpty else {
            throw value.error("there is no name in it; to allow any, leave the key out")
        }
        guard [.requireAnyClientCert, .requireAndVerifyClientCert].contains(clientAuthentication) else {
            throw value.error("needs client_auth_type RequireAndVerifyClientCert (or RequireAnyClientCert)")
        }
    }

    private mutating func takeVersions(_ values: [String: YAMLValue]) throws(WebConfigurationError) {
        minimumVersion = try values["min_version"]?.version() ?? minimumVersion
        maximumVersion = try values["max_version"]?.version() ?? maximumVersion
        if let value = values["max_version"] ?? values["min_version"],
            minimumVersion == .tls13 && maximumVersion == .tls12
        {
            throw value.error("min_version is newer than max_version")
        }
    }

    private func suites(_ value: YAMLValue) throws(WebConfigurationError) -> [String] {
        let named = try value.names(of: "cipher suites", Self.knownSuites + Self.suitesOfTLS13)
        let chosen = named.filter { !Self.suitesOfTLS13.contains($0) }
        // Go, whose names they are, has no choice of suites for TLS 1.3 either, and takes them in a list all the same.
        guard named.isEmpty || !chosen.isEmpty || minimumVersion == .tls13 else {
            throw value.error("there is no suite of TLS 1.2 in it; for TLS 1.3 alone set min_version: TLS13")
        }
        return chosen
    }

    /// Those of TLS 1.2 that Go counts as secure (pkg.go.dev/crypto/tls, CipherSuites).
    private static let knownSuites = ["ECDSA", "RSA"].flatMap { certificate in
        [
            "AES_128_CBC_SHA", "AES_256_CBC_SHA", "AES_128_GCM_SHA256", "AES_256_GCM_SHA384",
            "CHACHA20_POLY1305_SHA256",
        ].map { "TLS_ECDHE_\(certificate)_WITH_\($0)" }
    }

    private static let suitesOfTLS13 = [
        "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
    ]

    private static let knownCurves = ["X25519", "CurveP256", "CurveP384", "CurveP521"]
}

extension TLSServerConfiguration.PEM {
    /// The value of `name_file` or of `name`, or nil if neither says anything.
    fileprivate init?(
        _ values: [String: YAMLValue],
        _ name: String,
        directory: String
    ) throws(WebConfigurationError) {
        let path = try values["\(name)_file"]?.text("a path") ?? ""
        let inline = try values[name]?.text("a text in PEM") ?? ""
        if let value = values[name], !path.isEmpty && !inline.isEmpty {
            throw value.error("there is \(name)_file too; give one of them")
        }
        guard !path.utf8.contains(0), !inline.utf8.contains(0) else {
            throw (values["\(name)_file"] ?? values[name])!.error("holds a NUL")
        }
        if !path.isEmpty {
            self = .file(path: path.hasPrefix("/") ? path : "\(directory)/\(path)")
        } else if !inline.isEmpty {
            self = .inline(inline)
        } else {
            return nil
        }
    }
}

extension YAMLValue {
    fileprivate func version() throws(WebConfigurationError) -> TLSServerConfiguration.Version? {
        guard let name = try text("TLS12 or TLS13"), !name.isEmpty else { return nil }
        guard let version = TLSServerConfiguration.Version(rawValue: name) else {
            throw error(
                ["TLS10", "TLS11"].contains(name)
                    ? "\(name) is not served any more (RFC 8996): TLS12 or TLS13" : "not TLS12 or TLS13"
            )
        }
        return version
    }

    /// The names in a list of those that are known.
    fileprivate func names(of kind: String, _ known: [String]) throws(WebConfigurationError) -> [String] {
        var names: [String] = []
        for value in try list("a list of \(kind)") ?? [] {
            guard let name = try value.text("a name"), known.contains(name) else {
                throw value.error("none of the \(kind) \(known.joined(separator: ", "))")
            }
            names.append(name)
        }
        return names
    }
}
