import FlyingSocks
import Glibc

extension Socket {
    /// Has small messages leave at once (TCP_NODELAY): a response is one write, there is nothing to gather it with. A
    /// Unix socket has no such option and needs none.
    func sendWithoutDelay() {
        try? setValue(true, for: BoolSocketOption(level: Int32(IPPROTO_TCP), name: TCP_NODELAY))
    }

    /// Who is at the other end, as far as can be said.
    var peer: String {
        switch try? remotePeer() {
        case .ip4(let address, let port): "\(address):\(port)"
        case .ip6(let address, let port): "[\(address)]:\(port)"
        case .unix: "on a Unix socket"
        case nil: "unknown"
        }
    }

    /// Tells the client that nothing more comes. If the connection is broken, the next read finds out.
    func endOutput() {
        _ = shutdown(file.rawValue, Int32(SHUT_WR))
    }
}
