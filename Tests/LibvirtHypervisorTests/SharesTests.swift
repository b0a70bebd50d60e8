import Libvirt
import Testing

@testable import GuestMemory

@Suite struct SharesTests {
    private func domains(_ count: Int) -> [DomainUUID] {
        (0..<count).map { DomainUUID(bytes: [UInt8](repeating: 0, count: 14) + [UInt8($0 >> 8), UInt8($0 & 255)])! }
    }

    @Test(arguments: [(0, 1), (1, 1), (15, 1), (16, 2), (31, 3), (32, 4), (1000, 4)])
    func aConnectionIsForEightDomains(domains: Int, connections: Int) {
        #expect(Shares.connections(for: domains, atMost: 4) == connections)
    }

    @Test func noMoreConnectionsThanAllowedAreUsed() {
        #expect(Shares.connections(for: 1000, atMost: 1) == 1)
        #expect(Shares.connections(for: 1000, atMost: 16) == 16)
    }

    @Test(arguments: [(1, 1, 1), (8, 1, 1), (17, 1, 2), (60, 4, 4), (64, 4, 4), (65, 4, 8), (240, 4, 16), (3, 4, 3)])
    func eachConnectionHasAsManySharesAsTheOthers(domains: Int, connections: Int, shares: Int) {
        #expect(Shares.cut(self.domains(domains), for: connections).count == shares)
    }

    @Test func noDomainsAreNoShare() {
        #expect(Shares.cut([], for: 4).isEmpty)
    }

    @Test(arguments: [1, 7, 16, 17, 60, 241, 1000], [1, 2, 3, 4, 16])
    func everyDomainIsInOneShareAndNoShareIsLargerThanItsNeighbour(count: Int, connections: Int) throws {
        let domains = domains(count)
        let shares = Shares.cut(domains, for: connections)
        #expect(shares.flatMap { $0 } == domains)
        let sizes = shares.map(\.count)
        #expect(try #require(sizes.max()) - #require(sizes.min()) <= 1)
        #expect(try #require(sizes.min()) > 0)
        #expect(try #require(sizes.max()) <= 16)
    }
}
