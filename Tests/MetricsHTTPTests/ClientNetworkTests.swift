import FlyingSocks
import Glibc
import Testing

@testable import MetricsHTTP

@Suite struct ClientNetworkTests {
    @Test func anIPv4AddressIsANetworkOfItsOwn() throws {
        #expect(try network(ip4: "192.0.2.1") == network(ip4: "192.0.2.1"))
        #expect(try network(ip4: "192.0.2.1") != network(ip4: "192.0.2.2"))
    }

    @Test func thePortDoesNotMatter() throws {
        #expect(
            try ClientNetwork(sockaddr_in.inet(ip4: "192.0.2.1", port: 1).makeStorage())
                == ClientNetwork(sockaddr_in.inet(ip4: "192.0.2.1", port: 2).makeStorage())
        )
    }

    @Test func anIPv6AddressCountsByItsFirstHalf() throws {
        #expect(try network(ip6: "2001:db8:1:2::1") == network(ip6: "2001:db8:1:2:ffff::2"))
        #expect(try network(ip6: "2001:db8:1:2::1") != network(ip6: "2001:db8:1:3::1"))
    }

    @Test func anIPv4ClientOfASocketOfBothFamiliesIsAnIPv4Client() throws {
        #expect(try network(ip6: "::ffff:192.0.2.1") == network(ip4: "192.0.2.1"))
        #expect(try network(ip6: "::ffff:192.0.2.1") != network(ip6: "::ffff:192.0.2.2"))
    }

    @Test func aUnixSocketIsThisHost() {
        #expect(ClientNetwork(sockaddr_un.unix(path: "/run/x").makeStorage()) == .local)
    }

    private func network(ip4: String) throws -> ClientNetwork {
        ClientNetwork(try sockaddr_in.inet(ip4: ip4, port: 80).makeStorage())
    }

    private func network(ip6: String) throws -> ClientNetwork {
        ClientNetwork(try sockaddr_in6.inet6(ip6: ip6, port: 80).makeStorage())
    }
}
