import Libvirt
import Testing

@testable import GuestMemory

@Suite struct DomainSampleTests {
    private func id(_ number: UInt8, _ name: String) -> DomainID {
        DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: number, count: 16))!, name: name)
    }

    private func info(_ state: DomainState) -> DomainInfo {
        DomainInfo(state: state, maximumMemory: Kibibytes(2), memory: Kibibytes(1), virtualCPUs: 1, cpuTime: 5)
    }

    private func record(_ id: DomainID, _ state: DomainState?) -> DomainStatsRecord {
        var statistics = MemoryStatistics()
        statistics.usable = Kibibytes(7)
        return DomainStatsRecord(id: id, state: state, statistics: statistics)
    }

    @Test func whatBothCallsSayOfADomainIsPutTogether() throws {
        let domain = id(1, "a")
        let configuration = DomainConfiguration(balloon: DomainConfiguration.Balloon(model: "virtio"), statsPeriod: 10)
        let samples = DomainSample.join(
            domains: [(domain, info(.running))],
            records: [record(domain, .paused)],
            known: [domain.uuid: KnownDomain(name: "a", configuration: configuration)]
        )
        let sample = try #require(samples.first)
        #expect(samples.count == 1)
        #expect(sample.id == domain)
        #expect(sample.state == .paused)
        #expect(sample.info == info(.running))
        #expect(sample.statistics?.usable == Kibibytes(7))
        #expect(sample.known?.configuration == configuration)
    }

    @Test func aDomainInOneListOnlyKeepsWhatWasFoundOfIt() {
        let samples = DomainSample.join(
            domains: [(id(1, "started"), info(.running)), (id(3, "unknown"), nil)],
            records: [record(id(2, "ended"), nil)],
            known: [:]
        )
        #expect(samples.map(\.id.name) == ["ended", "started", "unknown"])
        #expect(samples.map(\.state) == [nil, .running, nil])
        #expect(samples.map { $0.statistics != nil } == [true, false, false])
        #expect(samples.map { $0.info != nil } == [false, true, false])
    }

    @Test func aRenamedDomainIsThereOnceByTheNameInTheList() {
        let samples = DomainSample.join(
            domains: [(id(1, "old"), info(.running)), (id(1, "older"), info(.running))],
            records: [record(id(1, "new"), .running), record(id(1, "newer"), .running)],
            known: [:]
        )
        // The record's may be a handle's, which keeps the name that it was made with.
        #expect(samples.map(\.id.name) == ["old"])
    }

    @Test func domainsOfOneNameAreToldApartByTheirUUIDs() {
        let samples = DomainSample.join(
            domains: [(id(2, "same"), nil), (id(1, "same"), nil)],
            records: [],
            known: [:]
        )
        #expect(samples.map(\.id) == [id(1, "same"), id(2, "same")])
    }
}
