import Glibc

/// Where a client comes from, as far as it matters for being fair: its IPv4 address, the /64 of its IPv6 address (which a
/// single host has for itself, RFC 6177), or this host by a Unix socket.
public struct ClientNetwork: Hashable, Sendable {
    private enum Storage: Hashable {
        case ipv4(UInt32)
        case ipv6Prefix(UInt64)
        case local
    }

    private let storage: Storage

    /// This host, by a Unix socket.
    public static let local = ClientNetwork(storage: .local)

    private init(storage: Storage) {
        self.storage = storage
    }

    /// The network of an address that accept(2) gave.
    init(_ address: sockaddr_storage) {
        self = withUnsafeBytes(of: address) { bytes in
            switch Int32(address.ss_family) {
            case AF_INET:
                let ipv4 = bytes.loadUnaligned(as: sockaddr_in.self)
                return ClientNetwork(storage: .ipv4(UInt32(bigEndian: ipv4.sin_addr.s_addr)))
            case AF_INET6:
                let ipv6 = bytes.loadUnaligned(as: sockaddr_in6.self)
                return withUnsafeBytes(of: ipv6.sin6_addr) { ClientNetwork(ipv6: Array($0)) }
            default:
                return .local
            }
        }
    }

    /// The network of an IPv6 address of 16 bytes. A socket of both families has IPv4 clients as `::ffff:a.b.c.d` (RFC
    /// 4291, section 2.5.5.2).
    init(ipv6 address: [UInt8]) {
        let isMapped = address[..<12].elementsEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
        if isMapped {
            storage = .ipv4(address[12...].reduce(0) { $0 << 8 | UInt32($1) })
        } else {
            storage = .ipv6Prefix(address[..<8].reduce(0) { $0 << 8 | UInt64($1) })
        }
    }
}
