import Collection
import Exposition
import Hypervisor

/// All that a scrape's figures are read from.
struct Readings: Sendable {
    let snapshot: Snapshot
    let calls: CallBudget.Counts
    let callLimit: Int
    let httpRequests: [Int: UInt64]
    let process: ProcessFigures
    /// The snapshot's domains, in their order.
    private let domains: [LabelledDomain]

    /// - Parameter domains: the snapshot's domains, in their order; nil to have their labels made.
    init(
        snapshot: Snapshot,
        calls: CallBudget.Counts,
        callLimit: Int,
        httpRequests: [Int: UInt64],
        process: ProcessFigures,
        domains: [LabelledDomain]? = nil
    ) {
        self.snapshot = snapshot
        self.calls = calls
        self.callLimit = callLimit
        self.httpRequests = httpRequests
        self.process = process
        var noneKept = KeptLabels()
        self.domains = domains ?? noneKept.label(snapshot.domains)
    }

    /// The samples that are appended for each domain in turn.
    ///
    /// - Parameter count: how many they are at most for one, as far as that is known.
    func samples(upTo count: Int = 1, _ append: (LabelledDomain, inout [Sample]) -> Void) -> [Sample] {
        var samples: [Sample] = []
        samples.reserveCapacity(domains.count * count)
        for domain in domains {
            append(domain, &samples)
        }
        return samples
    }
}
