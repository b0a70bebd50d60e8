import Libvirt
import Testing

@testable import GuestMemory

@Suite struct InventoryTests {
    private let inventory = Inventory()

    private func id(_ number: UInt8) -> DomainID {
        DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: number, count: 16))!, name: "domain \(number)")
    }

    private func add(_ number: UInt8, period: UInt32?, hasBalloon: Bool = true, at wall: Double = 0) {
        let balloon = hasBalloon ? DomainConfiguration.Balloon(model: "virtio") : nil
        inventory.read(
            id(number),
            DomainConfiguration(balloon: balloon, statsPeriod: period),
            MemoryLimits(),
            wall: wall
        )
    }

    private func sample(_ number: UInt8, lastUpdate: UInt64?, status: StatisticsStatus? = nil) -> DomainSample {
        var statistics = MemoryStatistics()
        statistics.lastUpdate = lastUpdate
        return DomainSample(
            id: id(number),
            state: .running,
            info: nil,
            statistics: statistics,
            known: nil,
            status: status
        )
    }

    /// What the inventory doubts after these collections.
    private func doubts(after collections: [[DomainSample]]) async -> [Inventory.Doubt] {
        let doubts = inventory.doubts()
        for samples in collections { inventory.compare(with: samples) }
        // Ends the stream.
        _ = inventory.doubts()
        return await doubts.reduce(into: []) { $0.append($1) }
    }

    @Test func theDomainsThatNobodyHasPolledAreKnownByName() {
        inventory.connected(to: HypervisorDriver(named: "QEMU"))
        add(1, period: nil)
        add(2, period: 3)
        add(3, period: nil, hasBalloon: false)
        #expect(inventory.domainsWithoutPeriod == [id(1)])
        inventory.periodWasSet(to: 10, of: id(1).uuid)
        #expect(inventory.domainsWithoutPeriod.isEmpty)
        #expect(inventory.domains[id(1).uuid]?.configuration.statsPeriod == 10)
    }

    @Test func whereTheDriverSetsNoPeriodNoneIsMissing() {
        add(1, period: nil)
        #expect(inventory.domainsWithoutPeriod.isEmpty)
        inventory.connected(to: HypervisorDriver(named: "LXC"))
        #expect(inventory.domainsWithoutPeriod.isEmpty)
    }

    @Test func aDomainThatEndedIsForgotten() {
        for number: UInt8 in 1...3 { add(number, period: nil) }
        inventory.remove(id(2).uuid)
        #expect(Set(inventory.domains.keys) == [id(1).uuid, id(3).uuid])
        inventory.complete(with: [id(3).uuid, id(4).uuid], hostPages: nil)
        #expect(Set(inventory.domains.keys) == [id(3).uuid])
    }

    @Test func aDomainThatIsNotInItHasItReadAgain() async {
        add(1, period: nil)
        var doubts = inventory.doubts().makeAsyncIterator()
        inventory.compare(with: [sample(1, lastUpdate: nil)])
        inventory.compare(with: [sample(1, lastUpdate: nil), sample(2, lastUpdate: nil)])
        #expect(await doubts.next() == .unknownDomains)
    }

    @Test func aDomainThatAnswersThoughNobodyIsKnownToAskIsReadAgainOnceAnAnswer() async {
        add(1, period: nil, at: 1000)
        let answers: [UInt64] = [990, 990, 1010, 1010, 1010, 1020, 900]
        let found = await doubts(after: answers.map { [sample(1, lastUpdate: $0)] })
        #expect(found == [Inventory.Doubt](repeating: .answersUnasked(id(1)), count: 3))
    }

    @Test func anAnswerSinceTheConfigurationWasReadIsSeenByTheFirstCollection() async {
        add(1, period: nil, at: 1000)
        #expect(await doubts(after: [[sample(1, lastUpdate: 1001)]]) == [.answersUnasked(id(1))])
    }

    @Test func aDomainWithAPeriodOrWithoutADeviceOrAnAnswerIsNotReadAgain() async {
        add(1, period: 3, at: 1000)
        add(2, period: nil, hasBalloon: false, at: 1000)
        add(3, period: nil, at: 1000)
        let collections = (1001...1009).map { time in
            [sample(1, lastUpdate: time), sample(2, lastUpdate: nil), sample(3, lastUpdate: 0)]
        }
        #expect(await doubts(after: collections).isEmpty)
    }

    @Test func aDomainThatBecomesStaleIsReadAgainOnce() async {
        add(1, period: 3)
        let statuses: [StatisticsStatus?] = [.ok, .stale, .stale, nil, .stale, .ok, .stale]
        let found = await doubts(after: statuses.map { [sample(1, lastUpdate: 1000, status: $0)] })
        #expect(found == [.becameStale(id(1)), .becameStale(id(1))])
    }

    @Test func theNextWatchIsToldOfUnknownDomainsAsTheOneBeforeItWas() async {
        let first = inventory.doubts()
        let watch = Task { for await _ in first {} }
        watch.cancel()
        await watch.value

        var second = inventory.doubts().makeAsyncIterator()
        inventory.compare(with: [sample(1, lastUpdate: nil)])
        #expect(await second.next() != nil)
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
        #expect(inventory.domains[id(1).uuid]?.configuration.statsPeriod == 4)
    }

    @Test func aGuestBeginsToReportAnewWhenItStartsRebootsOrIsToldTo() {
        let now = SuspendingClock.now
        add(1, period: nil)
        #expect(inventory.domains[id(1).uuid]?.beganReporting == nil)
        inventory.note(DomainEvent(.started, of: id(1)), at: now)
        #expect(inventory.domains[id(1).uuid]?.beganReporting == now)
        inventory.note(DomainEvent(.rebooted, of: id(1)), at: now + .seconds(1))
        #expect(inventory.domains[id(1).uuid]?.beganReporting == now + .seconds(1))
        inventory.periodWasSet(to: 10, of: id(1).uuid, at: now + .seconds(2))
        #expect(inventory.domains[id(1).uuid]?.beganReporting == now + .seconds(2))
    }

    @Test func theResetsOfOneRebootAreOneReboot() {
        let now = SuspendingClock.now
        add(1, period: 3)
        for delay in [0.0, 0.18, 0.19, 60, 60.2] {
            inventory.note(DomainEvent(.rebooted, of: id(1)), at: now + .seconds(delay))
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

    @Test func anEventOfADomainThatIsNotKnownIsNoDomain() {
        inventory.note(DomainEvent(.balloonChanged, of: id(9)))
        inventory.note(DomainEvent(.started, of: id(9)))
        #expect(inventory.domains.isEmpty)
    }
}
