import COpenSSL

/// One connection's TLS, as a server: bytes and plaintext in and out, no sockets, no clock, no tasks.
///
/// After each call there may be output, which is for the client.
final class TLSSession {
    enum Plaintext: Equatable {
        case bytes([UInt8])
        /// More has to come from the client first.
        case needsMore
        /// The client has said that it sends no more.
        case end
    }

    private static let bytesPerRead = 4096

    // The verification of a client's certificate takes place in it.
    private let context: TLSContext
    private let handle: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer
    private var isBroken = false

    init(_ context: TLSContext) throws(TLSError) {
        TLSError.clear()
        guard let handle = SSL_new(context.handle) else { throw .takeLast() }
        guard let input = BIO_new(BIO_s_mem()), let output = BIO_new(BIO_s_mem()) else {
            SSL_free(handle)
            throw .takeLast()
        }
        // From here on they go with the handle.
        SSL_set_bio(handle, input, output)
        SSL_set_accept_state(handle)
        self.context = context
        self.handle = handle
        self.input = input
        self.output = output
    }

    deinit {
        SSL_free(handle)
    }

    /// Takes in what came from the client.
    func receive(_ bytes: [UInt8]) {
        BIO_write(input, bytes, Int32(bytes.count))
    }

    /// What is to be sent to the client, which is to be asked for once.
    func takeOutput() -> [UInt8] {
        let pending = BIO_ctrl_pending(output)
        // The standard library writes a count into what all empty arrays share, where the thread sanitizer sees a race.
        guard pending > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
            count = Int(max(0, BIO_read(output, buffer.baseAddress, Int32(buffer.count))))
        }
    }

    /// Goes on with the handshake, and says whether it is complete.
    func handshake() throws(TLSError) -> Bool {
        TLSError.clear()
        let result = SSL_do_handshake(handle)
        if result == 1 { return true }
        guard SSL_get_error(handle, result) == SSL_ERROR_WANT_READ else { throw failure() }
        return false
    }

    /// What the client says next.
    func read() throws(TLSError) -> Plaintext {
        TLSError.clear()
        var result: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.bytesPerRead) { buffer, count in
            result = SSL_read(handle, buffer.baseAddress, Int32(buffer.count))
            count = Int(max(0, result))
        }
        if result > 0 { return .bytes(bytes) }
        switch SSL_get_error(handle, result) {
        case SSL_ERROR_WANT_READ: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .end
        default: throw failure()
        }
    }

    /// Says this to the client.
    func write(_ plaintext: ArraySlice<UInt8>) throws(TLSError) {
        TLSError.clear()
        let result = plaintext.withUnsafeBytes { SSL_write(handle, $0.baseAddress, Int32($0.count)) }
        // It is taken as a whole or not at all, because the output has room for everything.
        guard result == plaintext.count else { throw failure() }
    }

    /// Says that no more will be said (close_notify). A second call does nothing, nor does one where TLS never came
    /// about or broke.
    func end() {
        guard !isBroken, SSL_is_init_finished(handle) == 1, SSL_get_shutdown(handle) & SSL_SENT_SHUTDOWN == 0 else {
            return
        }
        TLSError.clear()
        SSL_shutdown(handle)
    }

    /// The failure of the call just made. OpenSSL allows no further one on this session.
    private func failure() -> TLSError {
        isBroken = true
        let verification = SSL_get_verify_result(handle)
        guard verification != X509_V_OK else { return .takeLast() }
        return .takeLast(String(cString: X509_verify_cert_error_string(verification)))
    }
}
