import Libvirt
import Testing

@testable import GuestMemory

@Suite struct HypervisorDriverTests {
    @Test(arguments: [("QEMU", true), ("TEST", true), ("Xen", false), ("LXC", false), ("ESX", false), ("new", false)])
    func aPeriodIsSetOnlyWhereTheDriverPollsGuests(driver: String, setsPeriod: Bool) {
        #expect(HypervisorDriver(named: driver).setsPeriod == setsPeriod)
    }

    private func testDriver() async throws -> (Connection, domains: [DomainUUID]) {
        let connection = try await Connection.open("test:///default", access: .readOnly, name: "test")
        return (connection, try await connection.activeDomainIDs().map(\.uuid))
    }

    @Test func theTestDriverIsAskedADomainAtATime() async throws {
        let (connection, domains) = try await testDriver()
        let records = try await HypervisorDriver(named: "TEST").statistics(of: domains, by: connection)
        #expect(records.map(\.id.name) == ["test"])
        #expect(records.first?.statistics.usable == Kibibytes(1_048_576))
    }

    @Test func whatAFigureOfXenOrLXCDoesNotMeanIsLeftOut() async throws {
        let (connection, domains) = try await testDriver()
        let xen = try await HypervisorDriver(named: "Xen").statistics(of: domains, by: connection)
        var actualOnly = MemoryStatistics()
        actualOnly.actualBalloon = Kibibytes(2_097_152)
        #expect(xen.map(\.statistics) == [actualOnly])

        let lxc = try #require(try await HypervisorDriver(named: "LXC").statistics(of: domains, by: connection).first)
            .statistics
        #expect(lxc.rss != nil)
        #expect(lxc.swapIn == nil)
        #expect(lxc.available == nil)
    }

    @Test func aDriverWithoutStatisticsIsNotAsked() async throws {
        let (connection, domains) = try await testDriver()
        #expect(try await HypervisorDriver(named: "ESX").statistics(of: domains, by: connection).isEmpty)
    }
}
