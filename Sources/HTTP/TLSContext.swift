import COpenSSL
import Glibc

/// What TLS connections have in common: the server's certificate and key, and what is asked of clients.
///
/// It is immutable. A new certificate needs a new context, which has new keys for session tickets too, so that no session
/// of the former one is resumed.
package final class TLSContext: Sendable {
    // Many threads may use an SSL_CTX that is no longer modified (openssl-threads(7)), as is the case after init.
    nonisolated(unsafe) let handle: OpaquePointer
    /// Whether clients are asked for certificates.
    let asksForCertificates: Bool

    private let clientAuthentication: TLSServerConfiguration.ClientAuthentication
    private let allowedClientNames: ClientNames?

    /// Reads the files that the configuration names, and checks that its settings fit together.
    ///
    /// Unlike exporter-toolkit (web/tls_config.go), it refuses settings that protect nothing or serve no client: verified
    /// clients without a client CA, where Go trusts every public one; names of certificates that are not verified; a
    /// client CA file without a certificate.
    ///
    /// - Throws: `TLSConfigurationError` for the first setting that is wrong.
    package init(_ configuration: TLSServerConfiguration) throws(TLSConfigurationError) {
        try configuration.checkClientAuthentication()
        TLSError.clear()
        guard let handle = SSL_CTX_new(TLS_server_method()) else {
            throw TLSConfigurationError(setting: "tls_server_config", reason: "\(TLSError.takeLast())")
        }
        self.handle = handle
        clientAuthentication = configuration.clientAuthentication
        asksForCertificates = configuration.clientAuthentication != .noClientCert
        allowedClientNames =
            configuration.allowedClientNames.isEmpty ? nil : ClientNames(configuration.allowedClientNames)

        setUpProtocol()
        try set(configuration.minimumVersion, configuration.maximumVersion, suites: configuration.cipherSuites)
        try setCurves(configuration.curves)
        if configuration.prefersServerCipherSuites {
            SSL_CTX_set_options(handle, COpenSSL_OP_CIPHER_SERVER_PREFERENCE)
        }
        try use(certificate: configuration.certificate, key: configuration.key)
        if let authorities = configuration.clientAuthorities {
            try trust(authorities)
        }
        verifyClients()
    }

    deinit {
        SSL_CTX_free(handle)
    }

    /// Sets up what does not depend on the configuration.
    private func setUpProtocol() {
        SSL_CTX_set_options(handle, COpenSSL_OP_NO_RENEGOTIATION | COpenSSL_OP_NO_COMPRESSION)
        // Idle connections keep no buffers for records.
        COpenSSL_CTX_set_mode(handle, Int(SSL_MODE_RELEASE_BUFFERS))
        SSL_CTX_set_alpn_select_cb(handle, selectHTTP11, nil)
        // Sessions are kept in tickets, so that they take up no memory here.
        COpenSSL_CTX_set_session_cache_mode(handle, Int(SSL_SESS_CACHE_OFF))
        let sessionContext = Array("libvirt-memory-exporter".utf8)
        SSL_CTX_set_session_id_context(handle, sessionContext, UInt32(sessionContext.count))
        if asksForCertificates {
            // OpenSSL does not verify the certificate of a resumed session again, for as long as a ticket is valid.
            SSL_CTX_set_options(handle, COpenSSL_OP_NO_TICKET)
            SSL_CTX_set_num_tickets(handle, 0)
        }
    }

    private func use(
        certificate: TLSServerConfiguration.PEM,
        key: TLSServerConfiguration.PEM
    ) throws(TLSConfigurationError) {
        let certificateReader = try PEMReader(certificate, name: "cert")
        var isFirst = true
        try certificateReader.forEachCertificate { certificate in
            defer { isFirst = false }
            return isFirst
                ? SSL_CTX_use_certificate(handle, certificate) == 1
                : COpenSSL_CTX_add1_chain_cert(handle, certificate) == 1
        }
        let keyReader = try PEMReader(key, name: "key")
        let privateKey = try keyReader.privateKey()
        defer { EVP_PKEY_free(privateKey) }
        TLSError.clear()
        guard SSL_CTX_use_PrivateKey(handle, privateKey) == 1 else {
            throw TLSConfigurationError(
                setting: keyReader.setting,
                reason: "is not the key of the first certificate in \(certificateReader.setting) "
                    + "(\(TLSError.takeLast())); both have to be of one pair"
            )
        }
    }

    private func trust(_ authorities: TLSServerConfiguration.PEM) throws(TLSConfigurationError) {
        let store = SSL_CTX_get_cert_store(handle)
        // The second of these tells clients which of their certificates to send.
        try PEMReader(authorities, name: "client_ca").forEachCertificate { authority in
            X509_STORE_add_cert(store, authority) == 1 && SSL_CTX_add_client_CA(handle, authority) == 1
        }
        // As in Go, every certificate in the file is trusted, a root or not.
        X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }

    private func verifyClients() {
        let mode =
            switch clientAuthentication {
            case .noClientCert: SSL_VERIFY_NONE
            case .requestClientCert, .verifyClientCertIfGiven: SSL_VERIFY_PEER
            case .requireAnyClientCert, .requireAndVerifyClientCert: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
            }
        SSL_CTX_set_verify(handle, mode, nil)
        // Each session retains its context, so that the context outlives every verification.
        SSL_CTX_set_cert_verify_callback(
            handle,
            { verification, context in
                guard let verification, let context else { return 0 }
                return Unmanaged<TLSContext>.fromOpaque(context).takeUnretainedValue().accepts(verification) ? 1 : 0
            },
            Unmanaged.passUnretained(self).toOpaque()
        )
    }

    /// Whether the client's certificate is accepted. OpenSSL has checked already that the client has its key.
    private func accepts(_ verification: OpaquePointer) -> Bool {
        switch clientAuthentication {
        case .noClientCert, .requestClientCert, .requireAnyClientCert:
            return true
        case .verifyClientCertIfGiven, .requireAndVerifyClientCert:
            guard X509_verify_cert(verification) == 1 else { return false }
        }
        guard let allowedClientNames else { return true }
        guard let certificate = X509_STORE_CTX_get0_cert(verification),
            allowedClientNames.contain(anyNameOf: certificate)
        else {
            X509_STORE_CTX_set_error(verification, X509_V_ERR_HOSTNAME_MISMATCH)
            return false
        }
        return true
    }
}

extension TLSContext {
    /// The day on which the server's own certificate expired, as `2026-01-31` in UTC; nil while it is valid.
    package var expiry: String? {
        // Negative: not later than now; 0: the time cannot be read.
        guard let certificate = SSL_CTX_get0_certificate(handle), let end = X509_get0_notAfter(certificate),
            X509_cmp_current_time(end) < 0
        else { return nil }
        var date = tm()
        guard ASN1_TIME_to_tm(end, &date) == 1 else { return nil }
        return date.formatted("%Y-%m-%d")
    }
}

/// Chooses HTTP/1.1 among the protocols a client offers (ALPN, RFC 7301). A client that offers others alone is refused,
/// as Go refuses it.
private func selectHTTP11(
    _ session: OpaquePointer?,
    _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedLength: UnsafeMutablePointer<UInt8>?,
    _ offered: UnsafePointer<UInt8>?,
    _ offeredLength: UInt32,
    _ argument: UnsafeMutableRawPointer?
) -> Int32 {
    let ours: StaticString = "\u{8}http/1.1"
    var choice: UnsafeMutablePointer<UInt8>?
    let outcome = SSL_select_next_proto(
        &choice,
        selectedLength,
        ours.utf8Start,
        UInt32(ours.utf8CodeUnitCount),
        offered,
        offeredLength
    )
    guard outcome == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    // It points into one of the two lists, both of which stay.
    selected?.pointee = UnsafePointer(choice)
    return SSL_TLSEXT_ERR_OK
}

extension TLSServerConfiguration {
    /// Refuses settings of client certificates that contradict each other.
    fileprivate func checkClientAuthentication() throws(TLSConfigurationError) {
        let verifies = [.verifyClientCertIfGiven, .requireAndVerifyClientCert].contains(clientAuthentication)
        if clientAuthorities != nil && clientAuthentication == .noClientCert {
            throw TLSConfigurationError(
                setting: "client_auth_type",
                reason: "a client CA is configured, but clients are not asked for a certificate; "
                    + "it has to be RequireAndVerifyClientCert or VerifyClientCertIfGiven"
            )
        }
        if verifies && clientAuthorities == nil {
            throw TLSConfigurationError(
                setting: "client_auth_type",
                reason: "\(clientAuthentication.rawValue) needs a client CA to verify against; "
                    + "it has to be in client_ca_file or client_ca"
            )
        }
        if !allowedClientNames.isEmpty && clientAuthentication != .requireAndVerifyClientCert {
            throw TLSConfigurationError(
                setting: "client_allowed_sans",
                reason: "with \(clientAuthentication.rawValue) a client may give no certificate, "
                    + "or one that it made itself, with any name; client_auth_type has to be RequireAndVerifyClientCert"
            )
        }
    }
}
