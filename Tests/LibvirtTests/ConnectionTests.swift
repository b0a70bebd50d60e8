import Foundation
import Testing

@testable import Libvirt

/// On libvirt's own test driver, which lives in this process; libvirtd and QEMU are in the end-to-end tests.
@Suite(.serialized) struct ConnectionTests {
    private func open(_ access: Connection.Access = .readOnly, name: String = "test") async throws -> Connection {
        try await Connection.open("test:///default", access: access, name: name)
    }

    @Test func theDriverAndItsVersionAreKnown() async throws {
        let version = try await open().version()
        #expect(version.driver == "TEST")
        #expect(version.libvirt?.split(separator: ".").count == 3)
    }

    @Test func theActiveDomainsComeWithWhatTheHypervisorKnows() async throws {
        let domains = try await open().activeDomains()
        let domain = try #require(domains.first)
        #expect(domains.count == 1)
        #expect(domain.id.name == "test")
        let info = try domain.info.get()
        #expect(info.state == .running)
        #expect(info.maximumMemory == Kibibytes(8_388_608))
        #expect(info.memory == Kibibytes(2_097_152))
        #expect(info.virtualCPUs == 2)
        #expect(info.cpuTime > 0)
    }

    @Test func eachDomainsStatisticsAreHadOneByOne() async throws {
        let connection = try await open()
        let domains = try await connection.activeDomainIDs().map(\.uuid)
        let domain = try #require(try await connection.memoryStatistics(ofEach: domains).first)
        let statistics = try domain.statistics.get()
        #expect(statistics.actualBalloon == Kibibytes(2_097_152))
        #expect(statistics.lastUpdate == 627_319_920)
        #expect(statistics.rss != nil)
    }

    @Test func theBulkCallHasTheStateOfEachDomain() async throws {
        let connection = try await open()
        let records = try await connection.statistics(of: try await connection.activeDomainIDs().map(\.uuid))
        #expect(records.map(\.id.name) == ["test"])
        #expect(records.first?.state == .running)
        #expect(records.first?.statistics == MemoryStatistics())
    }

    @Test func aDomainThatIsNotThereIsLeftOut() async throws {
        let connection = try await open()
        let nobody = try #require(DomainUUID(bytes: 1...16))
        #expect(try await connection.statistics(of: [nobody]).isEmpty)
        #expect(try await connection.memoryStatistics(ofEach: [nobody]).isEmpty)
        #expect(try await connection.statistics(of: []).isEmpty)
        let domain = try #require(try await connection.activeDomainIDs().first)
        #expect(try await connection.statistics(of: [nobody, domain.uuid]).map(\.id) == [domain])
    }

    @Test func theStatisticsPeriodIsSetOnTheLiveDomain() async throws {
        let connection = try await open(.readWrite)
        let domain = try #require(try await connection.activeDomainIDs().first)
        try await connection.setMemoryStatsPeriod(7, of: domain.uuid)
        let xml = try XMLElement(parsing: await connection.domainXML(domain.uuid))
        #expect(xml.child("devices")?.child("memballoon")?.child("stats")?.attributes["period"] == "7")
    }

    @Test func aReadOnlyConnectionMaySetNoPeriod() async throws {
        let connection = try await open()
        let domain = try #require(try await connection.activeDomainIDs().first)
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
        _ = try await connection.activeDomainIDs()
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
