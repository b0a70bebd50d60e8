import Foundation
import Hypervisor
import Testing
import XML

@testable import Libvirt

/// On libvirt's own test driver, which lives in this process; libvirtd and QEMU are in the end-to-end tests.
@Suite(.serialized) struct ConnectionTests {
    private func open(_ access: Access = .readOnly, name: String = "test") async throws -> Connection {
        try await Connection.open("test:///default", access: access, name: name)
    }

    @Test func theDriverAndItsVersionAreKnown() async throws {
        let version = try await open().version()
        #expect(version.driver == "TEST")
        #expect(version.libvirt?.split(separator: ".").count == 3)
    }

    @Test func anActiveDomainHasWhatTheHypervisorKnows() async throws {
        let connection = try await open()
        let domains = try await connection.activeDomains()
        #expect(domains.map(\.name) == ["test"])
        let (state, info) = try await connection.info(of: try #require(domains.first).uuid)
        #expect(state == .running)
        #expect(info.maximumMemory == 8_589_934_592)
        #expect(info.memory == 2_147_483_648)
        #expect(info.virtualCPUs == 2)
        #expect(try #require(info.cpuTime) > 0)
    }

    @Test func aDomainsStatisticsAreHadAlone() async throws {
        let connection = try await open()
        let domain = try #require(try await connection.activeDomains().first)
        let statistics = try await connection.memoryStatistics(of: domain.uuid)
        #expect(statistics.actualBalloon == 2_147_483_648)
        #expect(statistics.lastUpdate == 627_319_920)
        #expect(statistics.rss != nil)
    }

    @Test func theBulkCallHasTheStateOfEachDomainThatIsKnown() async throws {
        let connection = try await open()
        let domain = try #require(try await connection.activeDomains().first)
        #expect(try await connection.statistics(of: [domain.uuid]).isEmpty)
        try await connection.know(domain.uuid)
        let records = try await connection.statistics(of: [domain.uuid])
        #expect(records.map(\.id) == [domain])
        #expect(records.first?.state == .running)
        #expect(records.first?.statistics == BalloonStatistics())
        #expect(try await connection.statistics(of: []).isEmpty)
    }

    @Test func aConnectionThatWasClosedIsLost() async throws {
        let connection = try await open()
        await connection.close()
        let error = await #expect(throws: LibvirtError.self) { try await connection.ping() }
        #expect(error?.isConnectionLost == true)
        for await _ in connection.closed {}
    }

    @Test func theStatisticsPeriodIsSetOnTheLiveDomain() async throws {
        let connection = try await open(.readWrite)
        let domain = try #require(try await connection.activeDomains().first)
        try await connection.setMemoryStatsPeriod(7, of: domain.uuid)
        let xml = try XMLElement(parsing: await connection.domainXML(domain.uuid))
        #expect(xml.child("devices")?.child("memballoon")?.child("stats")?.attributes["period"] == "7")
    }

    @Test func aReadOnlyConnectionMaySetNoPeriod() async throws {
        let connection = try await open()
        let domain = try #require(try await connection.activeDomains().first)
        let error = await #expect(throws: LibvirtError.self) {
            try await connection.setMemoryStatsPeriod(7, of: domain.uuid)
        }
        #expect(error?.isPermissionDenied == true)
        #expect(error?.call == "virDomainSetMemoryStatsPeriod")
    }

    @Test func aDomainThatDoesNotExistIsGone() async throws {
        let connection = try await open()
        let nobody = try #require(DomainUUID(bytes: [UInt8](repeating: 9, count: 16)))
        let error = await #expect(throws: LibvirtError.self) { try await connection.domainXML(nobody) }
        #expect(error?.isDomainGone == true)
    }

    @Test func whereNobodyListensThereIsNoConnection() async throws {
        let error = await #expect(throws: LibvirtError.self) {
            _ = try await Connection.open(
                "qemu+unix:///system?socket=/nonexistent/libvirt-sock",
                access: .readOnly,
                name: "nobody"
            )
        }
        #expect(error?.isConnectionLost == true)
        #expect(error?.message.contains("/nonexistent/libvirt-sock") == true)
    }

    @Test func callsRunOnTheConnectionsOwnThread() async throws {
        let connection = try await open(name: "lme-own-thread")
        #expect(threads(named: "lme-own-thread") == 1)
        _ = try await connection.activeDomains()
    }

    @Test func aConnectionThatNobodyHoldsClosesAndItsThreadEnds() async throws {
        try await {
            let connection = try await open(name: "lme-dropped")
            _ = try await connection.events()
            #expect(threads(named: "lme-dropped") == 1)
        }()
        for _ in 0..<100 where threads(named: "lme-dropped") > 0 { try await Task.sleep(for: .milliseconds(50)) }
        #expect(threads(named: "lme-dropped") == 0)
    }

    @Test func theStreamOfEventsEndsWithTheConnection() async throws {
        let events = try await open().events()
        for await _ in events {}
    }

    private func threads(named name: String) -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.count { task in
            (try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)) == name + "\n"
        }
    }
}
