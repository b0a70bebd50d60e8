@testable import Collection
@testable import ExporterService
@testable import Hypervisor

/// A make-believe host of any size, whose domains say all that a domain of nova's can say.
struct SyntheticHost {
    /// 23 series of the statistics and two limits: 25 a domain, about what a host without nova serves.
    static let usualCollectors: Set<MetricCollector> = [.memoryStats, .limits]
    static let seriesPerDomain = 25

    let domains: [(id: DomainID, known: KnownDomain)]

    init(domainCount: Int) {
        domains = (0..<UInt64(domainCount)).map(Self.domain)
    }

    func readings(of snapshot: Snapshot, _ domains: [LabelledDomain]) -> Readings {
        Readings(
            snapshot: snapshot,
            calls: CallBudget.Counts(),
            callLimit: 10,
            httpRequests: [200: 1],
            process: .ofThisProcess(),
            domains: domains
        )
    }

    /// What a collection finds after so many scrapes: figures change, names stay.
    func snapshot(afterScrapes scrapes: UInt64) -> Snapshot {
        var snapshot = Snapshot()
        snapshot.isUp = true
        snapshot.time = 1_700_000_000.25 + Double(scrapes) * 15
        snapshot.duration = .milliseconds(20)
        snapshot.version = HypervisorVersion(driver: "QEMU", hypervisor: "7.2.22", libvirt: "9.0.0")
        snapshot.domains = domains.enumerated().map { sample(UInt64($0.offset), $0.element, scrapes) }
        return snapshot
    }

    private static func domain(_ number: UInt64) -> (id: DomainID, known: KnownDomain) {
        let digits = String(number, radix: 16)
        let name = "instance-" + String(repeating: "0", count: 8 - digits.count) + digits
        var uuid = [UInt8](repeating: 0x5A, count: 8)
        for shift in 0..<8 {
            uuid.append(UInt8(truncatingIfNeeded: (number &* 0x9E37_79B9_7F4A_7C15) >> (8 * UInt64(shift))))
        }

        var configuration = DomainConfiguration(balloon: .init(model: "virtio"), statsPeriod: 10)
        configuration.type = "kvm"
        configuration.osType = "hvm"
        configuration.machine = "pc-q35-7.2"
        var openStack = OpenStackInstance()
        openStack.name = "web-\(number)"
        openStack.projectName = "project-\(number % 97)"
        openStack.projectID = "6e9d1b5b8a3f4c0e9f0a5d6b7c8d9e0f"
        openStack.userName = "user-\(number % 31)"
        openStack.userID = "0f9e8d7c6b5a4938271605f4e3d2c1b0"
        openStack.flavorName = "m1.large"
        openStack.flavorVCPUs = 4
        openStack.flavorMebibytes = 8192
        configuration.openStack = openStack
        var known = KnownDomain(name: name)
        known.configuration = configuration
        known.limits.hard = (16 << 20) * 1024
        known.limits.soft = (8 << 20) * 1024

        return (DomainID(uuid: DomainUUID(bytes: uuid)!, name: name), known)
    }

    private func sample(
        _ number: UInt64,
        _ domain: (id: DomainID, known: KnownDomain),
        _ scrapes: UInt64
    ) -> DomainSample {
        // Figures of the usual lengths that differ from domain to domain and from scrape to scrape.
        let noise = (number &* 0xBF58_476D_1CE4_E5B9 &+ scrapes &* 0x94D0_49BB_1331_11EB) >> 40
        var statistics = BalloonStatistics()
        statistics.actualBalloon = (8 << 20) * 1024
        statistics.available = (8_155_000) * 1024
        statistics.usable = (4_000_000 + noise % 2_000_000) * 1024
        statistics.unused = (300_000 + noise % 700_000) * 1024
        statistics.rss = (5_000_000 + noise % 3_000_000) * 1024
        statistics.diskCaches = (1_000_000 + noise % 900_000) * 1024
        statistics.swapIn = (noise % 5000) * 1024
        statistics.swapOut = (noise % 9000) * 1024
        statistics.majorFaults = noise % 100_000
        statistics.minorFaults = 100_000_000 + noise
        statistics.hugetlbAllocations = 0
        statistics.hugetlbFailures = 0
        statistics.lastUpdate = 1_700_000_000 + scrapes * 15
        var sample = DomainSample(id: domain.id, known: domain.known)
        (sample.state, sample.statistics, sample.status) = (.running, statistics, .ok)
        sample.info = DomainInfo(
            maximumMemory: 8 << 30,
            memory: 8 << 30,
            virtualCPUs: 4,
            cpuTime: 1_234_567_890_123 + noise * 1_000_003
        )
        return sample
    }
}
