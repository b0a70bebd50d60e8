import COpenSSL
import Glibc

/// Reads certificates and keys from a setting in PEM.
final class PEMReader {
    /// The setting, as an error names it.
    let setting: String
    private let input: OpaquePointer

    /// - Parameter name: The setting's name in the web configuration for inline PEM; a file's setting has `_file` after it.
    init(_ pem: TLSServerConfiguration.PEM, name: String) throws(TLSConfigurationError) {
        TLSError.clear()
        switch pem {
        case .file(let path):
            setting = "\(name)_file \(path)"
            guard let input = BIO_new_file(path, "r") else {
                // OpenSSL reports no more than that the system failed.
                let reason = String(cString: strerror(errno))
                TLSError.clear()
                throw TLSConfigurationError(setting: setting, reason: reason)
            }
            self.input = input
        case .inline(let text):
            setting = "\(name) (inline)"
            guard let input = BIO_new(BIO_s_mem()) else {
                throw TLSConfigurationError(setting: setting, reason: "\(TLSError.takeLast())")
            }
            let bytes = Array(text.utf8)
            BIO_write(input, bytes, Int32(bytes.count))
            self.input = input
        }
    }

    deinit {
        BIO_free(input)
    }

    /// Calls the body with each certificate, one at least, in their order. Other blocks are skipped.
    ///
    /// - Parameter use: Returns whether OpenSSL took the certificate.
    func forEachCertificate(_ use: (OpaquePointer) -> Bool) throws(TLSConfigurationError) {
        var count = 0
        while true {
            TLSError.clear()
            guard let certificate = PEM_read_bio_X509(input, nil, nil, nil) else { break }
            defer { X509_free(certificate) }
            count += 1
            guard use(certificate) else {
                throw TLSConfigurationError(
                    setting: setting,
                    reason: "certificate \(count) in it cannot be used (\(TLSError.takeLast()))"
                )
            }
        }
        let error = TLSError.takeLast()
        guard error.isEndOfPEM else {
            throw TLSConfigurationError(
                setting: setting,
                reason: "certificate \(count + 1) in it cannot be read (\(error)); "
                    + "it has to be a certificate in PEM, whole and unchanged"
            )
        }
        guard count > 0 else {
            throw TLSConfigurationError(
                setting: setting,
                reason: "holds no certificate; it has to be in PEM, with a line \"-----BEGIN CERTIFICATE-----\""
            )
        }
    }

    /// The first private key, which the caller has to free.
    func privateKey() throws(TLSConfigurationError) -> OpaquePointer {
        TLSError.clear()
        defer { TLSError.clear() }
        var isEncrypted = false
        // Without this function OpenSSL would ask for the passphrase on the terminal.
        let handle = PEM_read_bio_PrivateKey(
            input,
            nil,
            { _, _, _, isEncrypted in
                isEncrypted?.storeBytes(of: true, as: Bool.self)
                return -1
            },
            &isEncrypted
        )
        if let handle { return handle }
        throw TLSConfigurationError(
            setting: setting,
            reason: isEncrypted
                ? "the private key is encrypted; it has to be one without a passphrase"
                : "holds no private key that can be read; "
                    + "it has to be in PEM, whole, with a line \"-----BEGIN PRIVATE KEY-----\""
        )
    }
}

extension TLSError {
    /// Whether a reader of PEM found no further block of its kind.
    fileprivate var isEndOfPEM: Bool { library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE }
}
