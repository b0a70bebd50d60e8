import Collection
import Exposition
import Foundation
import Hypervisor
import Testing

@testable import ExporterService

@Suite struct MetricCatalogueTests {
    private static let metrics = MetricCatalogue.groups.flatMap(\.metrics)
    private static let uuid = DomainUUID(bytes: [UInt8](repeating: 0xab, count: 16))!

    private func readings(_ domains: [DomainSample] = [], isUp: Bool = true) -> Readings {
        var snapshot = Snapshot()
        (snapshot.isUp, snapshot.time, snapshot.duration) = (isUp, 1_700_000_000, .milliseconds(5))
        if isUp { snapshot.version = HypervisorVersion(driver: "QEMU", hypervisor: "7.2.22", libvirt: "9.0.0") }
        snapshot.domains = domains
        return Readings(
            snapshot: snapshot,
            calls: CallBudget.Counts(),
            callLimit: 10,
            httpRequests: [200: 3, 404: 1],
            process: .ofThisProcess()
        )
    }

    private func domain(
        name: String = "guest",
        state: DomainState? = .running,
        configuration: DomainConfiguration? = nil,
        statistics: BalloonStatistics? = nil
    ) -> DomainSample {
        var known = KnownDomain(name: name)
        known.configuration = configuration
        var sample = DomainSample(id: DomainID(uuid: Self.uuid, name: name), known: known)
        (sample.state, sample.statistics) = (state, statistics)
        return sample
    }

    private func lines(_ readings: Readings, startingWith prefix: String) -> [String] {
        String(
            decoding: ExpositionFormat.text.encode(
                MetricCatalogue.families(readings, of: Set(MetricCollector.allCases))
            ),
            as: UTF8.self
        )
        .split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    @Test func noNameIsThereTwice() {
        let names = Self.metrics.map(\.description.name)
        #expect(Set(names).count == names.count)
    }

    @Test(arguments: Self.metrics.map(\.description.name))
    func aMetricFollowsTheConventions(name: String) throws {
        let metric = try #require(Self.metrics.first { $0.description.name == name })
        let base = metric.description.kind == .counter ? String(name.dropLast("_total".count)) : name
        #expect(name.hasSuffix("_total") == (metric.description.kind == .counter))
        #expect(name.hasSuffix("_info") == (metric.description.kind == .info))
        #expect(name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil)
        for unit in ["bytes", "seconds"] {
            #expect(base.hasSuffix("_\(unit)") == (metric.description.unit == unit))
        }
        #expect(metric.description.help.hasSuffix("."))
        #expect(!metric.description.help.contains("\n"))
        for label in metric.labels {
            #expect(!["job", "instance", "region", "zone", "env", "owner", "team", "service"].contains(label))
        }
    }

    @Test func everyStatisticIsUnderItsOwnNameInBytes() {
        var statistics = BalloonStatistics()
        statistics.actualBalloon = 1024
        statistics.available = 2048
        statistics.usable = 3072
        statistics.unused = 4096
        statistics.rss = 5120
        statistics.diskCaches = 6144
        statistics.swapIn = 7168
        statistics.swapOut = 8192
        statistics.majorFaults = 9
        statistics.minorFaults = 10
        statistics.hugetlbAllocations = 11
        statistics.hugetlbFailures = 12
        statistics.lastUpdate = 1_700_000_001
        let labels = #"{domain="guest",uuid="abababab-abab-abab-abab-abababababab"}"#
        #expect(
            lines(readings([domain(statistics: statistics)]), startingWith: "libvirt_domain_memory_stats")
                == [
                    "actual_balloon_bytes\(labels) 1024", "available_bytes\(labels) 2048", "usable_bytes\(labels) 3072",
                    "unused_bytes\(labels) 4096", "rss_bytes\(labels) 5120", "disk_caches_bytes\(labels) 6144",
                    "swap_in_bytes_total\(labels) 7168", "swap_out_bytes_total\(labels) 8192",
                    "major_fault_total\(labels) 9", "minor_fault_total\(labels) 10",
                    "hugetlb_pgalloc_total\(labels) 11",
                    "hugetlb_pgfail_total\(labels) 12", "last_update_timestamp_seconds\(labels) 1700000001",
                ].map { "libvirt_domain_memory_stats_" + $0 }
        )
    }

    @Test func whatIsNotKnownHasNoSeries() {
        let unknown = readings([domain(state: nil), domain(state: nil, statistics: BalloonStatistics())])
        let events = MetricCatalogue.eventMetrics.map(\.description.name)
        let found = lines(unknown, startingWith: "libvirt_domain")
        #expect(found.filter { line in !events.contains { line.hasPrefix($0 + "{") } }.isEmpty)
    }

    @Test func aDriverThatNeverAnsweredHasNoTimeOfItsLastAnswer() {
        var statistics = BalloonStatistics()
        statistics.lastUpdate = 0
        #expect(lines(readings([domain(statistics: statistics)]), startingWith: "libvirt_domain_memory_stats").isEmpty)
    }

    @Test(arguments: [
        (DomainConfiguration(balloon: .init(model: "virtio"), statsPeriod: 3), " 3"),
        (DomainConfiguration(balloon: .init(model: "virtio")), " 0"),
        (DomainConfiguration(balloon: nil), nil),
        (nil, nil),
    ])
    func thePeriodIsThatOfTheConfiguration(configuration: DomainConfiguration?, ending: String?) {
        let found = lines(
            readings([domain(configuration: configuration)]),
            startingWith: "libvirt_domain_memory_stats_period_seconds"
        )
        #expect(found.count == (ending == nil ? 0 : 1))
        #expect(found.allSatisfy { $0.hasSuffix(ending ?? "") })
    }

    @Test func aDomainIsInExactlyOneState() {
        let states = lines(readings([domain(state: .paused)]), startingWith: "libvirt_domain_state")
        #expect(states.count == 8)
        #expect(states.filter { $0.hasSuffix(" 1") }.allSatisfy { $0.contains(#"state="paused""#) })
        #expect(states.count { $0.hasSuffix(" 0") } == 7)
    }

    @Test func namesComeOutEscaped() {
        var statistics = BalloonStatistics()
        statistics.usable = 1024
        let found = lines(
            readings([domain(name: "q\"b\\n\nl <&> 🦊", statistics: statistics)]),
            startingWith: "libvirt_domain_memory_stats_usable"
        )
        #expect(
            found == [
                #"libvirt_domain_memory_stats_usable_bytes{domain="q\"b\\n\nl <&> 🦊","#
                    + #"uuid="abababab-abab-abab-abab-abababababab"} 1024"#
            ]
        )
    }

    @Test func whereLibvirtIsAwayTheExportersOwnMetricsStay() {
        let readings = readings(isUp: false)
        #expect(lines(readings, startingWith: "libvirt_up") == ["libvirt_up 0"])
        #expect(lines(readings, startingWith: "libvirt_version_info").isEmpty)
        #expect(
            lines(readings, startingWith: "libvirt_exporter_http_requests_total") == [
                #"libvirt_exporter_http_requests_total{code="200"} 3"#,
                #"libvirt_exporter_http_requests_total{code="404"} 1"#,
            ]
        )
        #expect(lines(readings, startingWith: "process_resident_memory_bytes").count == 1)
    }
}
