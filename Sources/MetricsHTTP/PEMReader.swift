import COpenSSL
import Glibc

/// Reads what a setting gives in PEM.
final class PEMReader {
    /// The setting, as an error names it.
    let setting: String
    private let input: OpaquePointer

    /// - Parameters:
    ///   - name: The setting's name in the web configuration when the text stands there; with `_file` after it when a
    ///     file is named.
    ///   - files: What was read of files already, by their paths; others are read now.
    init(
        _ pem: TLSServerConfiguration.PEM,
        name: String,
        files: [String: [UInt8]]
    ) throws(TLSConfigurationError) {
        TLSError.clear()
        switch pem {
        case .file(let path):
            setting = "\(name)_file \(path)"
            if let bytes = files[path] {
                input = try Self.input(of: bytes, setting)
                return
            }
            guard let input = BIO_new_file(path, "r") else {
                // OpenSSL has no words of its own for what the system says.
                let reason = String(cString: strerror(errno))
                TLSError.clear()
                throw TLSConfigurationError(setting: setting, reason: reason)
            }
            self.input = input
        case .inline(let text):
            setting = "\(name) (inline)"
            input = try Self.input(of: Array(text.utf8), setting)
        }
    }

    private static func input(of bytes: [UInt8], _ setting: String) throws(TLSConfigurationError) -> OpaquePointer {
        guard let input = BIO_new(BIO_s_mem()) else {
            throw TLSConfigurationError(setting: setting, reason: "\(TLSError.takeLast())")
        }
        BIO_write(input, bytes, Int32(bytes.count))
        return input
    }

    deinit {
        BIO_free(input)
    }

    /// The certificates, one at least, in their order. Whatever else is there is passed over.
    func certificates() throws(TLSConfigurationError) -> [TLSCertificate] {
        var certificates: [TLSCertificate] = []
        while true {
            TLSError.clear()
            if let handle = PEM_read_bio_X509(input, nil, nil, nil) {
                certificates.append(TLSCertificate(owning: handle))
                continue
            }
            let error = TLSError.takeLast()
            guard error.isEndOfPEM else {
                throw TLSConfigurationError(
                    setting: setting,
                    reason: "certificate \(certificates.count + 1) in it cannot be read (\(error)); "
                        + "it has to be a certificate in PEM, whole and unchanged"
                )
            }
            guard !certificates.isEmpty else {
                throw TLSConfigurationError(
                    setting: setting,
                    reason: "holds no certificate; it has to be in PEM, with a line \"-----BEGIN CERTIFICATE-----\""
                )
            }
            return certificates
        }
    }

    /// The first private key.
    func privateKey() throws(TLSConfigurationError) -> TLSPrivateKey {
        TLSError.clear()
        defer { TLSError.clear() }
        var isEncrypted = false
        // Without a function for it, OpenSSL would ask the terminal for the passphrase.
        let handle = PEM_read_bio_PrivateKey(
            input,
            nil,
            { _, _, _, isEncrypted in
                isEncrypted?.storeBytes(of: true, as: Bool.self)
                return -1
            },
            &isEncrypted
        )
        if let handle { return TLSPrivateKey(owning: handle) }
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
