import FlyingSocks
import Glibc

extension Socket {
    /// Has small messages leave at once (TCP_NODELAY): a response is one write, there is nothing to gather it with. A
    /// Unix socket has no such option and needs none.
    func sendWithoutDelay() {
        try? setValue(true, for: BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY))
    }

    /// Tells the client that nothing more comes. If the connection is broken, the next read finds out.
    func endOutput() {
        _ = shutdown(file.rawValue, Int32(SHUT_WR))
    }
}
