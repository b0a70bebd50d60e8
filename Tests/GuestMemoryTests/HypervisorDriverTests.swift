import Libvirt
import Testing

@testable import GuestMemory

@Suite struct HypervisorDriverTests {
    @Test(arguments: [("QEMU", true), ("TEST", true), ("Xen", false), ("LXC", false), ("ESX", false), ("new", false)])
    func aPeriodIsSetOnlyWhereTheDriverPollsGuests(driver: String, setsPeriod: Bool) {
        #expect(HypervisorDriver(named: driver).setsPeriod == setsPeriod)
    }

    @Test func theTestDriverIsAskedADomainAtATime() async throws {
        let connection = try await Connection.open("test:///default", access: .readOnly, name: "test")
        let records = try await HypervisorDriver(named: "TEST").statistics(by: connection)
        #expect(records.map(\.id.name) == ["test"])
        #expect(records.first?.statistics.usable == Kibibytes(1_048_576))
    }

    @Test func whatAFigureOfXenOrLXCDoesNotMeanIsLeftOut() async throws {
        let connection = try await Connection.open("test:///default", access: .readOnly, name: "test")
        let xen = try await HypervisorDriver(named: "Xen").statistics(by: connection)
        var actualOnly = MemoryStatistics()
        actualOnly.actualBalloon = Kibibytes(2_097_152)
        #expect(xen.map(\.statistics) == [actualOnly])

        let lxc = try #require(try await HypervisorDriver(named: "LXC").statistics(by: connection).first).statistics
        #expect(lxc.rss != nil)
        #expect(lxc.swapIn == nil)
        #expect(lxc.available == nil)
    }

    @Test func aDriverWithoutStatisticsIsNotAsked() async throws {
        let connection = try await Connection.open("test:///default", access: .readOnly, name: "test")
        #expect(try await HypervisorDriver(named: "ESX").statistics(by: connection).isEmpty)
    }
}
