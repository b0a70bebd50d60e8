import FlyingSocks
import Glibc

extension Socket {
    /// Sends small messages at once (TCP_NODELAY); a Unix socket has no such option and needs none.
    func sendWithoutDelay() {
        try? setValue(true, for: BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY))
    }

    /// The client's address, for the log.
    var peer: String {
        switch try? remotePeer() {
        case .ip4(let address, let port): "\(address):\(port)"
        case .ip6(let address, let port): "[\(address)]:\(port)"
        case .unix: "on a Unix socket"
        case nil: "unknown"
        }
    }

    /// Tells the client that nothing more comes. If the connection is broken, the next read fails.
    func endOutput() {
        _ = shutdown(file.rawValue, Int32(SHUT_WR))
    }

    /// Writes as many of the bytes from this index on as the kernel takes, and returns the index after them: FlyingSocks'
    /// own `write`, for bytes that are not `Data`.
    ///
    /// - Parameter moreFollows: Makes the kernel wait for the next write instead of sending a packet that is not full
    ///   (MSG_MORE of send(2)), so that the pieces of a small response leave together.
    /// - Throws: `SocketError.blocked` where the kernel takes nothing now.
    func write(_ bytes: [UInt8], from start: Int, moreFollows: Bool) throws -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(moreFollows ? MSG_MORE : 0)
        let sent = bytes[start...].withUnsafeBytes { Glibc.send(file.rawValue, $0.baseAddress, $0.count, flags) }
        guard sent < 0 else { return start + sent }
        throw errno == EWOULDBLOCK || errno == EINTR ? SocketError.blocked : SocketError.disconnected
    }
}
