import Libvirt
import Testing

@testable import GuestMemory

@Suite struct InventoryTests {
    private let inventory = Inventory()

    private func id(_ number: UInt8) -> DomainID {
        DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: number, count: 16))!, name: "domain \(number)")
    }

    private func add(_ number: UInt8, period: UInt32?, balloon: DomainConfiguration.Balloon = .device(model: "virtio"))
    {
        inventory.add(DomainConfiguration(balloon: balloon, statsPeriod: period), of: id(number))
    }

    @Test func theDomainsThatNobodyHasPolledAreKnownByName() {
        inventory.connected(to: HypervisorDriver(named: "QEMU"))
        add(1, period: nil)
        add(2, period: 3)
        add(3, period: nil, balloon: .none)
        #expect(inventory.domainsWithoutPeriod == [id(1)])
        inventory.periodWasSet(to: 10, of: id(1).uuid)
        #expect(inventory.domainsWithoutPeriod.isEmpty)
        #expect(inventory.configurations[id(1).uuid]?.statsPeriod == 10)
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
        #expect(Set(inventory.configurations.keys) == [id(1).uuid, id(3).uuid])
        inventory.keepOnly([id(3).uuid, id(4).uuid])
        #expect(Set(inventory.configurations.keys) == [id(3).uuid])
    }

    @Test func aDomainThatIsNotInItHasItReadAgain() async {
        add(1, period: nil)
        inventory.notice([id(1).uuid])
        inventory.notice([id(1).uuid, id(2).uuid])
        var unknown = inventory.unknownDomains.makeAsyncIterator()
        #expect(await unknown.next() != nil)
    }
}
