import COpenSSL

/// The server's side of one TLS connection, over memory: no sockets, clock or tasks.
///
/// After each call there may be output for the client (`takeOutput`).
final class TLSSession {
    enum Plaintext: Equatable {
        case bytes([UInt8])
        /// More has to come from the client first.
        case needsMore
        /// The client has sent close_notify.
        case end
    }

    private static let bytesPerRead = 4096

    // Verifies the client's certificate.
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
        // The handle owns them from here on.
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

    /// Removes and returns what is to be sent to the client.
    func takeOutput() -> [UInt8] {
        let pending = BIO_ctrl_pending(output)
        // The standard library writes a count into what all empty arrays share, where the thread sanitizer sees a race.
        guard pending > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: pending) { buffer, count in
            count = Int(max(0, BIO_read(output, buffer.baseAddress, Int32(buffer.count))))
        }
    }

    /// Continues the handshake; returns whether it is complete.
    func handshake() throws(TLSError) -> Bool {
        TLSError.clear()
        let result = SSL_do_handshake(handle)
        if result == 1 { return true }
        guard SSL_get_error(handle, result) == SSL_ERROR_WANT_READ else { throw failure() }
        return false
    }

    /// The next plaintext from the client.
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

    /// Encrypts this for the client.
    func write(_ plaintext: ArraySlice<UInt8>) throws(TLSError) {
        TLSError.clear()
        let result = plaintext.withUnsafeBytes { SSL_write(handle, $0.baseAddress, Int32($0.count)) }
        // The output grows as needed, so that all is taken or nothing.
        guard result == plaintext.count else { throw failure() }
    }

    /// Sends close_notify. Does nothing when called again, before the handshake is complete, or after a failure.
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

/// An error of OpenSSL.
struct TLSError: Error, CustomStringConvertible {
    /// The library within OpenSSL that fails (`ERR_LIB_…`).
    let library: Int32
    /// Its reason in that library (`SSL_R_…`, `PEM_R_…`).
    let reason: Int32
    let description: String

    /// The failure of the call just made on this thread.
    ///
    /// OpenSSL keeps a queue of errors for each thread. It has to be empty before a call (`clear`), or the errors of one
    /// connection are taken for those of another.
    static func takeLast(_ explanation: String? = nil) -> TLSError {
        // The first is the cause; later ones are of its callers.
        let code = ERR_get_error()
        clear()
        let words = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code) of OpenSSL"
        return TLSError(
            library: ERR_GET_LIB(code),
            reason: ERR_GET_REASON(code),
            description: explanation.map { "\(words): \($0)" } ?? words
        )
    }

    /// Forgets the errors of earlier calls on this thread.
    static func clear() {
        ERR_clear_error()
    }
}
