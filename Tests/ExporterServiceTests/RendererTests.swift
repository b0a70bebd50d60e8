import Collection
import Exposition
import Hypervisor
import Testing

@testable import ExporterService

@Suite struct RendererTests {
    private let all = Set(MetricCollector.allCases)

    private func domain(_ number: UInt8, name: String? = nil, title: String = "", usable: UInt64 = 1) -> DomainSample {
        let id = DomainID(
            uuid: DomainUUID(bytes: [UInt8](repeating: number, count: 16))!,
            name: name ?? "guest\"\(number)"
        )
        var configuration = DomainConfiguration(balloon: .init(model: "virtio"))
        configuration.title = title
        var openStack = OpenStackInstance()
        openStack.projectName = "project \(number)"
        configuration.openStack = openStack
        var statistics = BalloonStatistics()
        statistics.usable = usable * 1024
        var known = KnownDomain(name: id.name)
        known.configuration = configuration
        var sample = DomainSample(id: id, known: known)
        (sample.state, sample.statistics, sample.status) = (.running, statistics, .ok)
        return sample
    }

    private func readings(_ snapshot: Snapshot, requests: UInt64 = 1) -> Readings {
        Readings(
            snapshot: snapshot,
            calls: CallBudget.Counts(),
            callLimit: 10,
            httpRequests: [200: requests],
            process: ProcessFigures(
                stat: "",
                bootTime: 1_700_000_000,
                limits: "",
                openDescriptors: nil,
                ticksPerSecond: 1,
                pageSize: 1
            )
        )
    }

    private func snapshot(_ domains: [DomainSample]) -> Snapshot {
        var snapshot = Snapshot()
        (snapshot.isUp, snapshot.time, snapshot.domains) = (true, 1_700_000_000, domains)
        snapshot.host = HostSample(memory: HostMemory(), pages: [])
        return snapshot
    }

    /// Where the bytes of each piece are in memory: the same place is the same bytes, made once.
    private func places(_ pieces: [[UInt8]]) -> [UnsafeRawPointer] {
        pieces.filter { !$0.isEmpty }.map { $0.withUnsafeBytes { $0.baseAddress! } }
    }

    @Test(arguments: ExpositionFormat.allCases)
    func anAnswerIsWhatTheFamiliesEncodeTo(format: ExpositionFormat) async {
        let renderer = Renderer()
        for collectors in [all, [], [.domain], [.memoryStats, .openstack]] {
            let readings = readings(snapshot((0..<5).map { domain($0) }))
            let expected = format.encode(MetricCatalogue.families(readings, of: collectors))
            for _ in 0..<2 {
                #expect(Array(await renderer.plain(readings, of: collectors, in: format).joined()) == expected)
            }
        }
    }

    @Test func scrapesOfOneSnapshotShareItsBytesAndHaveTheirOwnOfTheExporter() async throws {
        let renderer = Renderer()
        let snapshot = snapshot((0..<5).map { domain($0) })
        let first = await renderer.plain(readings(snapshot), of: all, in: .text)
        let second = await renderer.plain(readings(snapshot, requests: 2), of: all, in: .text)
        #expect(Set(places(first)).intersection(places(second)).count >= 4)
        let text = { (pieces: [[UInt8]]) in String(decoding: Array(pieces.joined()), as: UTF8.self) }
        #expect(text(first).contains(#"http_requests_total{code="200"} 1"#))
        #expect(text(second).contains(#"http_requests_total{code="200"} 2"#))
        #expect(text(first).replacing(#"{code="200"} 1"#, with: #"{code="200"} 2"#) == text(second))
    }

    @Test(arguments: ExpositionFormat.allCases)
    func scrapesOfOneSnapshotShareWhatIsCompressed(format: ExpositionFormat) async throws {
        let renderer = Renderer()
        let snapshot = snapshot((0..<5).map { domain($0) })
        let first = await renderer.compressed(readings(snapshot), of: all, in: format)
        let second = await renderer.compressed(readings(snapshot), of: all, in: format)
        #expect(Array(first.joined()) == Array(second.joined()))
        #expect(Set(places(first)).intersection(places(second)).count >= 4)
        // A scrape of fewer collectors has its share of them.
        let fewer = await renderer.compressed(readings(snapshot), of: [.domain], in: format)
        #expect(!Set(places(first)).intersection(places(fewer)).isEmpty)
    }

    @Test func anotherSnapshotIsRenderedAnewWhateverItSays() async {
        let renderer = Renderer()
        for usable in [UInt64(1), 2] {
            let readings = readings(snapshot([domain(0, usable: usable)]))
            let text = String(
                decoding: Array(await renderer.plain(readings, of: all, in: .text).joined()),
                as: UTF8.self
            )
            #expect(text.contains(#"00"} \#(usable * 1024)"# + "\n"))
        }
    }

    /// The collectors' metrics are shared by all scrapes of a snapshot, so nothing else may be in them.
    @Test func aCollectorsMetricsAreReadFromTheSnapshotAlone() {
        let snapshot = snapshot((0..<5).map { domain($0) })
        let other = Readings(
            snapshot: snapshot,
            calls: CallBudget.Counts(),
            callLimit: 10,
            httpRequests: [404: 7],
            process: .ofThisProcess()
        )
        for (collector, metrics) in MetricCatalogue.groups where collector != nil {
            let encoded = [readings(snapshot), other].map {
                ExpositionFormat.text.encode(MetricCatalogue.families($0, of: metrics))
            }
            #expect(encoded[0] == encoded[1])
        }
    }

    @Test func labelsAreMadeOnceForADomainThatStaysAsItIs() {
        var kept = KeptLabels()
        let first = kept.label([domain(1), domain(2), domain(3), domain(4)]).map(\.labels)
        let second = kept.label([
            domain(0), domain(1, usable: 9), domain(2, name: "renamed"), domain(3, title: "retitled"), domain(4),
        ]).map(\.labels)
        let isKept = second.map { labels in first.contains { $0 === labels } }
        #expect(isKept == [false, true, false, false, true])
        #expect(
            second.map(\.identity)
                == [domain(0), domain(1), domain(2, name: "renamed"), domain(3), domain(4)].map {
                    DomainLabels(of: $0).identity
                }
        )
        #expect(second[3].facts["libvirt_domain_info"] != first[2].facts["libvirt_domain_info"])
        #expect(second[4].facts == first[3].facts)
    }
}
