import Hypervisor
import Synchronization
import Testing

@testable import Collection

@Suite struct InventoryContentTests {
    /// A clock that stands still until a test sets it.
    private final class StillScheduler: Scheduler {
        private let time = Mutex((now: Duration.zero, wall: 0.0))

        var now: Duration { time.withLock { $0.now } }
        var wall: Double { time.withLock { $0.wall } }
        var random: Double { 0 }

        func set(now: Duration? = nil, wall: Double? = nil) {
            time.withLock { $0 = (now ?? $0.now, wall ?? $0.wall) }
        }

        func sleep(until time: Duration) async throws {
            try await Task.sleep(for: .seconds(3600))
        }

        func start(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
            Task(operation: operation)
        }
    }

    private let scheduler: StillScheduler
    private let inventory: Inventory
    private let qemu = HypervisorTraits(name: "QEMU", hasGuestStatistics: true, setsPeriod: true)

    init() {
        scheduler = StillScheduler()
        inventory = Inventory(scheduler: scheduler)
    }

    private func id(_ number: UInt8) -> DomainID {
        DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: number, count: 16))!, name: "domain \(number)")
    }

    private func add(_ number: UInt8, period: UInt32?, hasBalloon: Bool = true, at wall: Double = 0) {
        let balloon = hasBalloon ? DomainConfiguration.Balloon(model: "virtio") : nil
        scheduler.set(wall: wall)
        inventory.read(
            id(number),
            DomainConfiguration(balloon: balloon, statsPeriod: period),
            MemoryLimits(),
            begunAt: inventory.moment
        )
    }

    private func sample(_ number: UInt8, lastUpdate: UInt64?, status: StatisticsStatus? = nil) -> DomainSample {
        var sample = DomainSample(id: id(number), known: KnownDomain(name: id(number).name))
        sample.statistics = BalloonStatistics()
        sample.statistics?.lastUpdate = lastUpdate
        (sample.state, sample.status) = (.running, status)
        return sample
    }

    /// The domains that are to be read again after these collections.
    private func mismatches(after collections: [[DomainSample]]) -> [DomainID] {
        collections.flatMap { samples in
            var snapshot = Snapshot()
            snapshot.domains = samples
            return inventory.mismatches(in: snapshot)
        }
    }

    @Test func theDomainsThatNobodyHasPolledAreKnownByName() {
        inventory.connected(to: qemu)
        add(1, period: nil)
        add(2, period: 3)
        add(3, period: nil, hasBalloon: false)
        #expect(inventory.domainsWithoutPeriod == [id(1)])
        inventory.periodWasSet(to: 10, of: id(1).uuid)
        #expect(inventory.domainsWithoutPeriod.isEmpty)
        #expect(inventory.domains[id(1).uuid]?.configuration?.statsPeriod == 10)
    }

    @Test func whereTheDriverSetsNoPeriodNoneIsMissing() {
        add(1, period: nil)
        #expect(inventory.domainsWithoutPeriod.isEmpty)
        inventory.connected(to: HypervisorTraits(name: "LXC"))
        #expect(inventory.domainsWithoutPeriod.isEmpty)
    }

    @Test func aListBringsNewDomainsAndForgetsThoseThatEnded() {
        for number: UInt8 in 1...3 { add(number, period: nil) }
        inventory.ended(id(2).uuid)
        #expect(Set(inventory.domains.keys) == [id(1).uuid, id(3).uuid])
        #expect(!inventory.isComplete)
        #expect(inventory.reconcile(with: [id(3), id(4)], begunAt: inventory.moment) == [id(4)])
        #expect(Set(inventory.domains.keys) == [id(3).uuid, id(4).uuid])
        #expect(inventory.isComplete)
    }

    @Test func whatHappenedAfterAListBeganCountsMoreThanTheList() {
        add(1, period: nil)
        let begin = inventory.moment
        inventory.note(DomainEvent(.stopped, of: id(1)))
        inventory.note(DomainEvent(.started, of: id(2)))
        #expect(inventory.reconcile(with: [id(1)], begunAt: begin).isEmpty)
        #expect(Set(inventory.domains.keys) == [id(2).uuid])
    }

    @Test func aDomainThatAnswersThoughNobodyIsKnownToAskIsReadAgainOnceAnAnswer() {
        add(1, period: nil, at: 1000)
        let answers: [UInt64] = [990, 990, 1010, 1010, 1010, 1020, 900]
        let found = mismatches(after: answers.map { [sample(1, lastUpdate: $0)] })
        #expect(found == [DomainID](repeating: id(1), count: 3))
    }

    @Test func anAnswerSinceTheConfigurationWasReadIsSeenByTheFirstCollection() {
        add(1, period: nil, at: 1000)
        #expect(mismatches(after: [[sample(1, lastUpdate: 1001)]]) == [id(1)])
    }

    @Test func aDomainWithAPeriodOrWithoutADeviceOrAnAnswerIsNotReadAgain() {
        add(1, period: 3, at: 1000)
        add(2, period: nil, hasBalloon: false, at: 1000)
        add(3, period: nil, at: 1000)
        let collections = (1001...1009).map { time in
            [sample(1, lastUpdate: time), sample(2, lastUpdate: nil), sample(3, lastUpdate: 0)]
        }
        #expect(mismatches(after: collections).isEmpty)
    }

    @Test func aDomainThatBecomesStaleIsReadAgainOnce() {
        add(1, period: 3)
        let statuses: [StatisticsStatus?] = [.ok, .stale, .stale, nil, .stale, .ok, .stale]
        let found = mismatches(after: statuses.map { [sample(1, lastUpdate: 1000, status: $0)] })
        #expect(found == [id(1), id(1)])
    }

    @Test func whatHappensToADomainIsCountedAndKeptWhenItIsReadAgain() {
        add(1, period: 3)
        inventory.note(DomainEvent(.balloonChanged, of: id(1)))
        inventory.note(DomainEvent(.balloonChanged, of: id(1)))
        inventory.note(DomainEvent(.metadataChanged, of: id(1)))
        inventory.note(DomainEvent(.memoryDeviceResized, of: id(1)))
        inventory.note(DomainEvent(.rebooted, of: id(1)))
        add(1, period: 4)
        let events = inventory.domains[id(1).uuid]?.events
        #expect(events?.balloonChanges == 2)
        #expect(events?.metadataChanges == 1)
        #expect(events?.memoryDeviceResizes == 1)
        #expect(events?.reboots == 1)
        #expect(inventory.domains[id(1).uuid]?.configuration?.statsPeriod == 4)
    }

    @Test func aGuestBeginsToReportAnewWhenItStartsRebootsOrIsToldTo() {
        func began() -> Duration? { inventory.domains[id(1).uuid]?.beganReporting }
        add(1, period: nil)
        #expect(began() == nil)
        scheduler.set(now: .seconds(10))
        inventory.note(DomainEvent(.started, of: id(1)))
        #expect(began() == .seconds(10))
        scheduler.set(now: .seconds(11))
        inventory.note(DomainEvent(.rebooted, of: id(1)))
        #expect(began() == .seconds(11))
        scheduler.set(now: .seconds(12))
        inventory.periodWasSet(to: 10, of: id(1).uuid)
        #expect(began() == .seconds(12))
    }

    @Test func theResetsOfOneRebootAreOneReboot() {
        add(1, period: 3)
        for second in [10, 10.18, 10.19, 70, 70.2] {
            scheduler.set(now: .seconds(second))
            inventory.note(DomainEvent(.rebooted, of: id(1)))
        }
        #expect(inventory.domains[id(1).uuid]?.events.reboots == 2)
    }

    @Test func aDomainThatStoppedIsForgottenAndItsCountsStartAgain() {
        add(1, period: 3)
        inventory.note(DomainEvent(.balloonChanged, of: id(1)))
        inventory.note(DomainEvent(.stopped, of: id(1)))
        #expect(inventory.domains.isEmpty)
        add(1, period: 3)
        #expect(inventory.domains[id(1).uuid]?.events == EventCounts())
    }

    @Test func aDomainThatStartsIsKnownAtOnceAndOtherEventsBringNone() {
        inventory.note(DomainEvent(.balloonChanged, of: id(9)))
        #expect(inventory.domains.isEmpty)
        inventory.note(DomainEvent(.started, of: id(9)))
        #expect(inventory.domains[id(9).uuid]?.name == id(9).name)
        #expect(inventory.domains[id(9).uuid]?.configuration == nil)
    }
}
