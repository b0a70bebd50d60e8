import Hypervisor
import Testing

@testable import Collection

/// Which domains there are and what they are called, whatever order events, lists and reads come in.
@Suite struct InventoryTests {
    private let uuid = ScriptedHypervisor.uuid(0)
    private let inventory = Inventory(scheduler: VirtualScheduler(seed: 1))

    private func id(_ name: String) -> DomainID { DomainID(uuid: uuid, name: name) }

    private func read(_ name: String, begunAt begin: Inventory.Moment) {
        inventory.read(id(name), DomainConfiguration(balloon: nil), MemoryLimits(), begunAt: begin)
    }

    @Test func aListRenamesADomainWhoseEventWasLost() {
        _ = inventory.reconcile(with: [id("old")], begunAt: inventory.moment)
        #expect(inventory.reconcile(with: [id("new")], begunAt: inventory.moment) == [])
        #expect(inventory.domains[uuid]?.name == "new")
    }

    @Test func aLateListDoesNotUndoARename() {
        _ = inventory.reconcile(with: [id("old")], begunAt: inventory.moment)
        let begin = inventory.moment
        inventory.note(DomainEvent(.changed, of: id("new")))
        _ = inventory.reconcile(with: [id("old")], begunAt: begin)
        #expect(inventory.domains[uuid]?.name == "new")
    }

    @Test func theEventThatAnOldNameWasUndefinedRenamesNothing() {
        _ = inventory.reconcile(with: [id("new")], begunAt: inventory.moment)
        inventory.note(DomainEvent(.undefined, of: id("old")))
        #expect(inventory.domains[uuid]?.name == "new")
    }

    @Test func aReadThatBeganUnderAnOldNameDoesNotBringItBack() {
        _ = inventory.reconcile(with: [id("old")], begunAt: inventory.moment)
        inventory.note(DomainEvent(.changed, of: id("new")))
        read("old", begunAt: inventory.moment)
        #expect(inventory.domains[uuid]?.name == "new")
    }

    @Test func aReadThatBeganBeforeADomainEndedDoesNotBringItBack() {
        _ = inventory.reconcile(with: [id("guest")], begunAt: inventory.moment)
        let begin = inventory.moment
        inventory.note(DomainEvent(.stopped, of: id("guest")))
        read("guest", begunAt: begin)
        #expect(inventory.domains.isEmpty)
        read("guest", begunAt: inventory.moment)
        #expect(inventory.domains.count == 1)
    }

    @Test func aLateListDoesNotBringBackWhatEndedMeanwhile() {
        let begin = inventory.moment
        inventory.note(DomainEvent(.started, of: id("guest")))
        inventory.note(DomainEvent(.stopped, of: id("guest")))
        #expect(inventory.reconcile(with: [id("guest")], begunAt: begin) == [])
        #expect(inventory.domains.isEmpty)
    }

    @Test func aLateListDoesNotRemoveWhatStartedMeanwhile() {
        let begin = inventory.moment
        inventory.note(DomainEvent(.started, of: id("guest")))
        _ = inventory.reconcile(with: [], begunAt: begin)
        #expect(inventory.domains.count == 1)
    }
}
