import COpenSSL

/// An X.509 certificate.
final class TLSCertificate {
    let handle: OpaquePointer

    /// Takes the certificate over.
    init(owning handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        X509_free(handle)
    }
}

/// A private key.
final class TLSPrivateKey {
    let handle: OpaquePointer

    /// Takes the key over.
    init(owning handle: OpaquePointer) {
        self.handle = handle
    }

    deinit {
        EVP_PKEY_free(handle)
    }
}
