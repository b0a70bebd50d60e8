import HTTP

extension TLSServerConfiguration {
    /// Reads `tls_server_config`. `TLSContext` checks whether its settings fit together.
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
        clientAuthentication = try values["client_auth_type"]?.clientAuthentication() ?? clientAuthentication
        if let value = values["client_allowed_sans"], let names = try value.names() {
            guard !names.isEmpty else { throw value.error("it holds no name; to allow any, leave the key out") }
            allowedClientNames = names
        }
        minimumVersion = try values["min_version"]?.version() ?? minimumVersion
        maximumVersion = try values["max_version"]?.version() ?? maximumVersion
        cipherSuites = try values["cipher_suites"]?.names() ?? cipherSuites
        prefersServerCipherSuites = try values["prefer_server_cipher_suites"]?.boolean() ?? prefersServerCipherSuites
        curves = try values["curve_preferences"]?.names() ?? curves
    }
}

extension TLSServerConfiguration.PEM {
    /// The value of `name_file` or of `name`; nil if neither is set.
    fileprivate init?(
        _ values: [String: YAMLValue],
        _ name: String,
        directory: String
    ) throws(WebConfigurationError) {
        let path = try values["\(name)_file"]?.text("a path") ?? ""
        let inline = try values[name]?.text("a text in PEM") ?? ""
        if let value = values[name], !path.isEmpty && !inline.isEmpty {
            throw value.error("\(name)_file is set too; give one of them")
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
                    ? "\(name) is no longer served (RFC 8996): TLS12 or TLS13" : "not TLS12 or TLS13"
            )
        }
        return version
    }

    fileprivate func clientAuthentication() throws(WebConfigurationError)
        -> TLSServerConfiguration.ClientAuthentication?
    {
        let names = TLSServerConfiguration.ClientAuthentication.allCases.map(\.rawValue).joined(separator: ", ")
        guard let name = try text("one of \(names)"), !name.isEmpty else { return nil }
        // Its name in exporter-toolkit's first versions, which the toolkit still takes.
        if name == "RequireClientCert" { return .requireAnyClientCert }
        guard let type = TLSServerConfiguration.ClientAuthentication(rawValue: name) else {
            throw error("not one of \(names)")
        }
        return type
    }

    fileprivate func names() throws(WebConfigurationError) -> [String]? {
        guard let values = try list("a list of names") else { return nil }
        var names: [String] = []
        for value in values {
            guard let name = try value.text("a name"), !name.isEmpty else { throw value.error("not a name") }
            names.append(name)
        }
        return names
    }
}
