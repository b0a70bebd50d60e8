/// The settings of TLS: `tls_server_config` of exporter-toolkit's web configuration
/// (github.com/prometheus/exporter-toolkit, docs/web-configuration.md). A `TLSContext` applies them.
package struct TLSServerConfiguration: Sendable, Equatable {
    /// Something in PEM (RFC 7468), and where it is.
    package enum PEM: Sendable, Hashable {
        /// In a file.
        case file(path: String)
        /// In the configuration itself.
        case inline(String)
    }

    /// What is asked of a client's certificate, by the names of Go's `tls.ClientAuthType`.
    package enum ClientAuthentication: String, Sendable, CaseIterable {
        /// None is asked for.
        case noClientCert = "NoClientCert"
        /// One is asked for, and neither needed nor looked at.
        case requestClientCert = "RequestClientCert"
        /// One is needed, of any issuer.
        case requireAnyClientCert = "RequireAnyClientCert"
        /// Where one is given, it has to be good.
        case verifyClientCertIfGiven = "VerifyClientCertIfGiven"
        /// A good one is needed.
        case requireAndVerifyClientCert = "RequireAndVerifyClientCert"
    }

    /// A version of TLS that is served. Older ones are none (RFC 8996).
    package enum Version: String, Sendable, CaseIterable {
        /// RFC 5246.
        case tls12 = "TLS12"
        /// RFC 8446.
        case tls13 = "TLS13"
    }

    /// The server's certificate, with those between it and its authority after it.
    package var certificate: PEM
    /// The private key of the certificate.
    package var key: PEM
    /// The authorities whose certificates clients may have.
    package var clientAuthorities: PEM?
    /// What is asked of clients.
    package var clientAuthentication = ClientAuthentication.noClientCert
    /// A client's certificate has to be for one of these: a DNS name, an e-mail address or a URI, letter by letter, or an
    /// address. Empty: any will do.
    package var allowedClientNames: [String] = []
    /// The oldest version that is served.
    package var minimumVersion = Version.tls12
    /// The newest version that is served.
    package var maximumVersion = Version.tls13
    /// The cipher suites by their IANA names, best first; empty: those that RFC 9325 recommends. All those of TLS 1.3 are
    /// served, whichever are named.
    package var cipherSuites: [String] = []
    /// Whether the server's order of suites counts rather than the client's.
    package var prefersServerCipherSuites = true
    /// The curves by their names in Go (`X25519`, `CurveP256`, `CurveP384`, `CurveP521`), best first; empty: those that
    /// OpenSSL chooses.
    package var curves: [String] = []

    /// A configuration with exporter-toolkit's defaults.
    package init(certificate: PEM, key: PEM) {
        self.certificate = certificate
        self.key = key
    }
}

/// Why a `TLSServerConfiguration` cannot be served.
package struct TLSConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The setting at fault, by its name in the web configuration, with its file if it has one: `key_file /etc/key.pem`,
    /// `key (inline)`.
    package let setting: String
    /// What is wrong with it, and what would be right.
    package let reason: String

    /// Both, as `key_file /etc/key.pem: Permission denied`.
    package var description: String { "\(setting): \(reason)" }
}
