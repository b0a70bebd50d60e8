import Hypervisor
import Libvirt
import Testing

@testable import LibvirtHypervisor

@Suite struct LibvirtDriverTests {
    @Test(arguments: [("QEMU", true), ("TEST", true), ("Xen", false), ("LXC", false), ("ESX", false), ("new", false)])
    func aPeriodIsSetOnlyWhereTheDriverPollsGuests(driver: String, setsPeriod: Bool) {
        #expect(LibvirtDriver(named: driver).traits.setsPeriod == setsPeriod)
    }

    /// What libvirt's test driver says, taken for that of another driver.
    private func record(as driver: String, _ needs: Needs = .statistics) async throws -> DomainRecord {
        let connection = try await Connection.open("test:///default", access: .readOnly, name: "test")
        let domain = try #require(try await connection.activeDomains().first).uuid
        let session = LibvirtSession(connection, LibvirtDriver(named: driver))
        return try #require(try await session.records(of: [domain], needs)[domain]).get()
    }

    @Test func theTestDriverIsAskedADomainAtATime() async throws {
        #expect(try await record(as: "TEST").statistics?.usable == 1_073_741_824)
    }

    @Test func whatAFigureOfXenOrLXCDoesNotMeanIsLeftOut() async throws {
        var actualOnly = BalloonStatistics()
        actualOnly.actualBalloon = 2_147_483_648
        #expect(try await record(as: "Xen").statistics == actualOnly)

        let lxc = try #require(try await record(as: "LXC").statistics)
        #expect(lxc.rss != nil)
        #expect(lxc.swapIn == nil)
        #expect(lxc.available == nil)
    }

    @Test func aDriverWithoutStatisticsIsNotAsked() async throws {
        #expect(try await record(as: "ESX").statistics == nil)
    }

    @Test func whatIsNotNeededIsNotAsked() async throws {
        let record = try await record(as: "TEST", .info)
        #expect(record.statistics == nil)
        #expect(record.info?.virtualCPUs == 2)
        #expect(try await self.record(as: "TEST", .statistics).info == nil)
    }

    @Test func aDomainThatIsNotThereHasNoRecord() async throws {
        let session = try await LibvirtHypervisor(uri: "test:///default").open(.readOnly, name: "test")
        let nobody = try #require(DomainUUID(bytes: 1...16))
        #expect(try await session.records(of: [nobody], .all).isEmpty)
    }

    @Test func aHypervisorWithoutMonitorsSaysSo() async throws {
        let session = try await LibvirtHypervisor(uri: "test:///default").open(.readOnly, name: "test")
        let domain = try #require(try await session.activeDomains().first)
        let error = await #expect(throws: HypervisorError.self) { try await session.monitor(of: domain.uuid) }
        #expect(error?.kind == .unsupported)
    }
}
