import Exposition
import GuestMemory

/// All that a scrape's figures are read from.
struct Readings: Sendable {
    let snapshot: Snapshot
    let calls: LibvirtCalls.Counts
    let httpRequests: [Int: UInt64]
    let process: ProcessFigures
    /// The labels of each of the snapshot's domains, in their order.
    private let domainLabels: [DomainLabels]

    /// - Parameter domainLabels: the labels of each of the snapshot's domains, in their order; nil to have them made.
    init(
        snapshot: Snapshot,
        calls: LibvirtCalls.Counts,
        httpRequests: [Int: UInt64],
        process: ProcessFigures,
        domainLabels: [DomainLabels]? = nil
    ) {
        self.snapshot = snapshot
        self.calls = calls
        self.httpRequests = httpRequests
        self.process = process
        self.domainLabels = domainLabels ?? snapshot.domains.map(DomainLabels.init)
    }

    /// The samples that are appended for each domain in turn.
    func samples(_ append: (DomainSample, DomainLabels, inout [Sample]) -> Void) -> [Sample] {
        var samples: [Sample] = []
        samples.reserveCapacity(snapshot.domains.count)
        for (domain, labels) in zip(snapshot.domains, domainLabels) {
            append(domain, labels, &samples)
        }
        return samples
    }
}
