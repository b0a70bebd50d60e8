import Exposition
import GuestMemory

/// All that a scrape's figures are read from.
struct Readings: Sendable {
    let snapshot: Snapshot
    let calls: LibvirtCalls.Counts
    let httpRequests: [Int: UInt64]
    let process: ProcessFigures
    /// The labels of each of the snapshot's domains, in their order; made once, for every metric of a domain has them.
    let domainLabels: [Labels]

    init(
        snapshot: Snapshot,
        calls: LibvirtCalls.Counts,
        httpRequests: [Int: UInt64],
        process: ProcessFigures
    ) {
        self.snapshot = snapshot
        self.calls = calls
        self.httpRequests = httpRequests
        self.process = process
        domainLabels = snapshot.domains.map {
            Labels([("domain", $0.id.name), ("uuid", $0.id.uuid.description)])
        }
    }
}
