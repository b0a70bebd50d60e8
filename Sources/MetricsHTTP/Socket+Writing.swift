import FlyingSocks
import Glibc

extension Socket {
    /// Writes as many of the bytes from this index on as the kernel takes, and gives the index behind them: FlyingSocks'
    /// own `write`, for bytes that are no `Data`.
    ///
    /// - Parameter moreFollows: has the kernel wait for what is written next instead of sending a packet that is not full
    ///   (MSG_MORE of send(2)), so that the pieces of a small response leave together.
    /// - Throws: `SocketError.blocked` where the kernel takes nothing now.
    func write(_ bytes: [UInt8], from start: Int, moreFollows: Bool) throws -> Int {
        let flags = Int32(moreFollows ? MSG_MORE : 0)
        let sent = bytes[start...].withUnsafeBytes { Glibc.send(file.rawValue, $0.baseAddress, $0.count, flags) }
        guard sent < 0 else { return start + sent }
        throw errno == EWOULDBLOCK || errno == EINTR ? SocketError.blocked : SocketError.disconnected
    }
}
