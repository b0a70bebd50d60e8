import Hypervisor
import Testing

@testable import Collection

@Suite struct ShareTests {
    private func domains(_ count: Int) -> [DomainUUID] {
        (0..<count).map { DomainUUID(bytes: Array(repeating: 0, count: 14) + [UInt8($0 / 256), UInt8($0 % 256)])! }
    }

    @Test(arguments: [(1, 1), (15, 1), (16, 2), (60, 4), (1000, 4)])
    func aFurtherSessionIsOpenedForEachEightDomains(count: Int, sessions: Int) {
        #expect(Share.sessions(for: count, atMost: 4) == sessions)
    }

    @Test(arguments: [0, 1, 7, 16, 17, 60, 1000])
    func everyDomainIsInOneShareOfAtMostSixteen(count: Int) {
        let sessions = Share.sessions(for: count, atMost: 4)
        let shares = Share.cut(domains(count), forSessions: sessions)
        #expect(shares.flatMap(\.domains) == domains(count))
        #expect(shares.allSatisfy { (1...16).contains($0.domains.count) && $0.slot < sessions })
    }

    @Test func aDomainThatEndsMovesFewOthersToAnotherSession() {
        var domains = domains(64)
        func slots() -> [DomainUUID: Int] {
            Share.cut(domains, forSessions: 4).reduce(into: [:]) { slots, share in
                for domain in share.domains { slots[domain] = share.slot }
            }
        }
        let before = slots()
        domains.remove(at: 5)
        let moved = slots().count { before[$0.key] != $0.value }
        #expect(moved <= 3)
    }
}
