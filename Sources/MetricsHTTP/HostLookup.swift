import FlyingSocks
import Glibc

/// One address of a host, with a port.
enum InternetAddress {
    case ipv4(sockaddr_in)
    case ipv6(sockaddr_in6)

    /// Looks a name, or an address in numbers, up by getaddrinfo. It blocks for as long as the resolver takes.
    ///
    /// Of several addresses it is an IPv4 one, as in Go's exporters: `localhost` is 127.0.0.1.
    init(host: String, port: UInt16) throws(HostLookupError) {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &first)
        guard status == 0 else { throw HostLookupError(status: status, errno: errno) }
        defer { freeaddrinfo(first) }

        var ipv6: sockaddr_in6?
        for entry in sequence(first: first, next: { $0?.pointee.ai_next }) {
            guard let address = entry?.pointee.ai_addr else { continue }
            switch Int32(address.pointee.sa_family) {
            case AF_INET:
                self = .ipv4(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self))
                return
            case AF_INET6 where ipv6 == nil:
                ipv6 = UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self)
            default:
                continue
            }
        }
        guard let ipv6 else { throw HostLookupError(status: EAI_NONAME, errno: 0) }
        self = .ipv6(ipv6)
    }
}

/// Why a host has no address, in the resolver's words.
struct HostLookupError: Error, CustomStringConvertible {
    let description: String

    fileprivate init(status: Int32, errno: Int32) {
        description = status == EAI_SYSTEM ? String(cString: strerror(errno)) : String(cString: gai_strerror(status))
    }
}
