import Collection
import Hypervisor
import LibvirtHypervisor
import Logging
import Testing

/// On libvirt's own test driver, which lives in this process; real guests are in the end-to-end tests.
@Suite struct LibvirtObserverTests {
    private struct Rig {
        let observer: HypervisorObserver

        init(uri: String, maximumAge: Duration = .zero) {
            var configuration = HypervisorObserver.Configuration()
            configuration.maximumAge = maximumAge
            observer = HypervisorObserver(
                LibvirtHypervisor(uri: uri),
                configuration,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
        }

        /// Runs the background parts beside the body.
        func running(_ body: () async throws -> Void) async throws {
            let background = Task { await observer.run() }
            defer { background.cancel() }
            try await body()
            background.cancel()
            await background.value
        }

        func snapshot(where condition: (Snapshot) -> Bool) async throws -> Snapshot {
            for _ in 0..<200 {
                let snapshot = await observer.collection.snapshot(of: .all, within: .seconds(5))
                if condition(snapshot) { return snapshot }
                try await Task.sleep(for: .milliseconds(20))
            }
            return await observer.collection.snapshot(of: .all, within: .seconds(5))
        }
    }

    @Test func aSnapshotHasEachDomainWithInfoStatisticsAndConfiguration() async throws {
        let rig = Rig(uri: "test:///default")
        try await rig.running {
            let snapshot = try await rig.snapshot { $0.domains.first?.known.configuration != nil && $0.version != nil }
            let domain = try #require(snapshot.domains.first)
            #expect(snapshot.isUp)
            #expect(snapshot.version?.driver == "TEST")
            #expect(snapshot.domains.count == 1)
            #expect(domain.id.name == "test")
            #expect(domain.state == .running)
            #expect(domain.info?.virtualCPUs == 2)
            // The test driver's time of update never moves; whether it has a period, another test may have decided, for
            // all connections to it share its domain.
            #expect(domain.status == (domain.known.configuration?.statsPeriod == nil ? .noPeriod : .stale))
            #expect(snapshot.host?.memory.freeBytesByCell.count == 2)
            #expect(domain.statistics?.available == 2_147_483_648)
            #expect(domain.known.configuration?.balloon?.model == "virtio")
        }
        #expect(rig.observer.budget.counts.errors.isEmpty)
        #expect(rig.observer.budget.counts.abandoned == 0)
    }

    @Test func whereLibvirtIsNotThereTheSnapshotSaysSoAtOnce() async throws {
        let rig = Rig(uri: "qemu+unix:///system?socket=/nonexistent/libvirt-sock")
        try await rig.running {
            let snapshot = await rig.observer.collection.snapshot(of: .all, within: .seconds(600))
            #expect(!snapshot.isUp)
            #expect(snapshot.domains.isEmpty)
            #expect(snapshot.version == nil)
            // Whoever waited for a connection would wait for minutes; a second is asked for where the processor is free
            // (ReconnectTests).
            #expect(snapshot.duration < .seconds(60))
        }
    }
}
