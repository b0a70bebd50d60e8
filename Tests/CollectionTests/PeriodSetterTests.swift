import Foundation
import Hypervisor
import LibvirtHypervisor
import Logging
import Testing

@testable import Collection

/// On libvirt's own test driver, which makes its domains anew of a file for each connection.
@Suite struct PeriodSetterTests {
    private let inventory = Inventory(scheduler: SystemScheduler())
    private let log = LogRecorder()

    @Test func aDomainThatDidNotRunIsSetAsSoonAsItDoes() async throws {
        try await setting(onNodeOf: [xml(2), xml(3)]) { node in
            wasReadWithoutPeriod(1)
            // It has been tried when the second of two others is set that were read one after the other.
            for other: UInt8 in [2, 3] {
                wasReadWithoutPeriod(other)
                try await expectPeriod(of: other)
            }
            try write([xml(1)], to: node)
            wasReadWithoutPeriod(1)
            try await expectPeriod(of: 1)
        }
        #expect(log.lines(.warning).isEmpty)
    }

    @Test func aDomainThatIsStartedAgainIsSetAtOnce() async throws {
        try await setting(onNodeOf: [xml(1)]) { _ in
            for _ in 1...2 {
                wasReadWithoutPeriod(1)
                try await expectPeriod(of: 1)
            }
        }
    }

    private func id(_ number: UInt8) -> DomainID {
        DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: number, count: 16))!, name: "domain \(number)")
    }

    private func xml(_ number: UInt8, balloon: String = "virtio") -> String {
        """
        <domain type='test'>
          <name>\(id(number).name)</name><uuid>\(id(number).uuid)</uuid><memory>1048576</memory>
          <os><type>hvm</type></os><devices><memballoon model='\(balloon)'/></devices>
        </domain>
        """
    }

    private func write(_ domains: [String], to node: URL) throws {
        try "<node>\(domains.joined())</node>".write(to: node, atomically: true, encoding: .utf8)
    }

    private func wasReadWithoutPeriod(_ number: UInt8) {
        inventory.read(
            id(number),
            DomainConfiguration(balloon: .init(model: "virtio")),
            MemoryLimits(),
            begunAt: inventory.moment
        )
    }

    /// Sets periods beside the body, on a hypervisor that has these domains.
    private func setting(onNodeOf domains: [String], _ body: (URL) async throws -> Void) async throws {
        let node = URL(filePath: NSTemporaryDirectory()).appending(path: "lme-\(UInt32.random(in: 0 ... .max)).xml")
        try write(domains, to: node)
        defer { try? FileManager.default.removeItem(at: node) }
        inventory.connected(to: HypervisorTraits(name: "TEST", hasGuestStatistics: true, setsPeriod: true))
        let period = PeriodSetter(
            seconds: 10,
            hypervisor: LibvirtHypervisor(uri: "test://\(node.path)"),
            inventory: inventory,
            budget: CallBudget(scheduler: SystemScheduler()),
            scheduler: SystemScheduler(),
            logger: log.logger
        )
        let background = Task { await period.run() }
        try await body(node)
        background.cancel()
        await background.value
    }

    /// What waits for the next try does so for a minute.
    private func expectPeriod(of number: UInt8) async throws {
        let hasPeriod = { inventory.domains[id(number).uuid]?.configuration?.statsPeriod == 10 }
        for _ in 0..<1000 where !hasPeriod() { try await Task.sleep(for: .milliseconds(20)) }
        #expect(hasPeriod(), "domain \(number)")
    }
}
