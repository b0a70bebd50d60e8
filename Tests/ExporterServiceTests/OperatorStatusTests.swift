import Hypervisor
import Testing

@testable import ExporterService

@Suite struct OperatorStatusTests {
    private let now = 1_700_000_000.0

    private func snapshot(isUp: Bool = true, statuses: [StatisticsStatus?] = [], age: Double = 1) -> Snapshot {
        let domains = statuses.enumerated().map { index, status in
            var sample = DomainSample(
                id: DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: UInt8(index), count: 16))!, name: "d\(index)"),
                known: KnownDomain(name: "d\(index)")
            )
            sample.state = .running
            sample.status = status
            return sample
        }
        var snapshot = Snapshot()
        (snapshot.isUp, snapshot.time, snapshot.domains) = (isUp, now - age, domains)
        return snapshot
    }

    private func text(domains: Int?, last: Snapshot?) -> String {
        OperatorStatus.serving("qemu:///system", domains: domains, last: last, at: now)
    }

    @Test func saysHowManyDomainsReport() {
        let last = snapshot(statuses: [.ok, .stale, .ok, nil])
        #expect(text(domains: 4, last: last) == "serving 4 domains of qemu:///system, 2 report")
        #expect(text(domains: 1, last: snapshot(statuses: [.ok])) == "serving 1 domain of qemu:///system, 1 report")
    }

    @Test func whatWasCollectedLongAgoIsNotSaid() {
        let old = snapshot(statuses: [.ok], age: 121)
        for last in [nil, old] {
            #expect(text(domains: 7, last: last) == "serving 7 domains of qemu:///system, not scraped lately")
        }
    }

    @Test func saysThatLibvirtIsAwayOrDoesNotAnswer() {
        #expect(text(domains: nil, last: snapshot()) == "no connection to libvirt at qemu:///system")
        #expect(text(domains: 4, last: snapshot(isUp: false)) == "libvirt at qemu:///system does not answer")
    }
}
