import Hypervisor

/// What a person wants to know of a domain: its figures in bytes, and why some are missing.
package struct GuestSummary: Sendable {
    let id: DomainID
    let instanceName: String?
    let state: DomainState?
    let status: StatisticsStatus?
    /// What the status means for this guest, in a few words.
    let reason: String?
    let maximum: UInt64?
    let balloon: UInt64?
    let rss: UInt64?
    let total: UInt64?
    let usable: UInt64?
    let unused: UInt64?
    let diskCaches: UInt64?
    let swapIn: UInt64?
    let swapOut: UInt64?
    let majorFaults: UInt64?
    let minorFaults: UInt64?
    let period: UInt32?
    /// For how long the guest has not answered, by the host's clock; nil where it never did.
    let age: Duration?

    /// The summary of a sample.
    ///
    /// - Parameter now: when the sample was collected.
    init(_ sample: DomainSample, now: Double) {
        let (configuration, statistics) = (sample.known.configuration, sample.statistics)
        id = sample.id
        instanceName = (configuration?.openStack?.name).flatMap { $0.isEmpty ? nil : $0 }
        state = sample.state
        status = sample.status
        reason = sample.status?.reason(sample.obstacle)
        maximum = sample.info?.maximumMemory
        balloon = statistics?.actualBalloon
        rss = statistics?.rss
        total = statistics?.available
        usable = statistics?.usable
        unused = statistics?.unused
        diskCaches = statistics?.diskCaches
        swapIn = statistics?.swapIn
        swapOut = statistics?.swapOut
        majorFaults = statistics?.majorFaults
        minorFaults = statistics?.minorFaults
        period = configuration?.statsPeriod
        age = (statistics?.lastUpdate).flatMap { lastUpdate in
            lastUpdate == 0 ? nil : .seconds(max(0, now - Double(lastUpdate)))
        }
    }

    /// What the guest uses; nil where it is not known, or where a guest's usable is no share of its total (Windows'
    /// older service sends the address space of a process).
    var used: UInt64? {
        guard let total, let usable, usable <= total else { return nil }
        return total - usable
    }

    /// The share of its memory that the guest can still use, from 0 to 1; nil as for `used`.
    var usableShare: Double? {
        guard let total, total > 0, let usable, usable <= total else { return nil }
        return Double(usable) / Double(total)
    }

    /// Whether the figures are of now; otherwise they are the last ones that the guest gave.
    var hasFreshFigures: Bool { status == .ok }

    /// The domains of a snapshot: the ones with the least usable share first, then those whose share is not known, by
    /// their names.
    package static func all(in snapshot: Snapshot) -> [GuestSummary] {
        snapshot.domains.map { GuestSummary($0, now: snapshot.time) }
            .sorted { first, second in
                (first.usableShare ?? 2, first.id.name) < (second.usableShare ?? 2, second.id.name)
            }
    }

    /// Whether a person may mean this domain: by its name, its UUID or the name of its instance.
    package func isCalled(_ name: String) -> Bool {
        [id.name, id.uuid.description, instanceName].contains(name)
    }
}

extension GuestSummary: Encodable {
    private enum Key: String, CodingKey {
        case name, uuid, state, status, reason, advice
        case instanceName = "instance_name"
        case maximum = "maximum_bytes"
        case balloon = "balloon_bytes"
        case rss = "rss_bytes"
        case total = "total_bytes"
        case used = "used_bytes"
        case usable = "usable_bytes"
        case usableShare = "usable_ratio"
        case unused = "unused_bytes"
        case diskCaches = "disk_caches_bytes"
        case swapIn = "swap_in_bytes"
        case swapOut = "swap_out_bytes"
        case majorFaults = "major_faults"
        case minorFaults = "minor_faults"
        case period = "period_seconds"
        case age = "age_seconds"
    }

    /// Writes what is known; what is not known is left out.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(id.name, forKey: .name)
        try container.encode(id.uuid.description, forKey: .uuid)
        try container.encodeIfPresent(state.map { "\($0)" }, forKey: .state)
        try container.encodeIfPresent(status?.rawValue, forKey: .status)
        try container.encodeIfPresent(reason, forKey: .reason)
        try container.encodeIfPresent(status?.advice, forKey: .advice)
        try container.encodeIfPresent(instanceName, forKey: .instanceName)
        try container.encodeIfPresent(maximum, forKey: .maximum)
        try container.encodeIfPresent(balloon, forKey: .balloon)
        try container.encodeIfPresent(rss, forKey: .rss)
        try container.encodeIfPresent(total, forKey: .total)
        try container.encodeIfPresent(used, forKey: .used)
        try container.encodeIfPresent(usable, forKey: .usable)
        try container.encodeIfPresent(usableShare, forKey: .usableShare)
        try container.encodeIfPresent(unused, forKey: .unused)
        try container.encodeIfPresent(diskCaches, forKey: .diskCaches)
        try container.encodeIfPresent(swapIn, forKey: .swapIn)
        try container.encodeIfPresent(swapOut, forKey: .swapOut)
        try container.encodeIfPresent(majorFaults, forKey: .majorFaults)
        try container.encodeIfPresent(minorFaults, forKey: .minorFaults)
        try container.encodeIfPresent(period, forKey: .period)
        try container.encodeIfPresent(age.map { $0 / .seconds(1) }, forKey: .age)
    }
}
