import COpenSSL

/// What OpenSSL fails with.
struct TLSError: Error, CustomStringConvertible {
    /// The library within OpenSSL that fails (`ERR_LIB_…`).
    let library: Int32
    /// Why, as that library numbers it (`SSL_R_…`, `PEM_R_…`).
    let reason: Int32
    let description: String

    /// The failure of the call just made on this thread.
    ///
    /// OpenSSL keeps a queue of errors for each thread. It has to be empty before a call (`clear`), or the errors of one
    /// connection are taken for those of another.
    static func takeLast(_ explanation: String? = nil) -> TLSError {
        // The first is the cause, those after it are said on the way out.
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
