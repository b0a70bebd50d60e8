import Libvirt
import Synchronization

/// Who the active domains are and how they are configured: read once, and again on the events that change it, so that
/// a scrape reads none of it.
public final class Inventory: Sendable {
    private struct Storage {
        var domains: [DomainUUID: (name: String, configuration: DomainConfiguration)] = [:]
        var driver: HypervisorDriver?
    }

    private let storage = Mutex(Storage())
    /// Yields after the inventory changed; for one consumer.
    let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation
    /// Yields when domains turned up that the inventory does not know; for one consumer.
    let unknownDomains: AsyncStream<Void>
    private let foundUnknown: AsyncStream<Void>.Continuation

    /// An inventory of no domains.
    public init() {
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (unknownDomains, foundUnknown) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// All configurations that are known, by the domains' UUIDs.
    var configurations: [DomainUUID: DomainConfiguration] {
        storage.withLock { $0.domains.mapValues(\.configuration) }
    }

    /// The domains that could be polled but have no statistics period; empty where the driver cannot set one.
    var domainsWithoutPeriod: [DomainID] {
        storage.withLock { storage in
            guard storage.driver?.setsPeriod == true else { return [] }
            return storage.domains.filter { $0.value.configuration.lacksStatsPeriod }
                .map { DomainID(uuid: $0.key, name: $0.value.name) }
        }
    }

    /// The hypervisor is of this driver.
    func connected(to driver: HypervisorDriver) {
        storage.withLock { $0.driver = driver }
    }

    func add(_ configuration: DomainConfiguration, of domain: DomainID) {
        storage.withLock { $0.domains[domain.uuid] = (domain.name, configuration) }
        changed.yield()
    }

    func remove(_ domain: DomainUUID) {
        storage.withLock { _ = $0.domains.removeValue(forKey: domain) }
    }

    /// Forgets all domains but these.
    func keepOnly(_ domains: Set<DomainUUID>) {
        storage.withLock { storage in
            storage.domains = storage.domains.filter { domains.contains($0.key) }
        }
    }

    func periodWasSet(to seconds: UInt32, of domain: DomainUUID) {
        storage.withLock { $0.domains[domain]?.configuration.statsPeriod = seconds }
    }

    /// Has the inventory read again where one of these domains is not in it: an event that was lost costs nothing then.
    func notice(_ domains: some Sequence<DomainUUID>) {
        let knowsAll = storage.withLock { storage in domains.allSatisfy { storage.domains[$0] != nil } }
        if !knowsAll { foundUnknown.yield() }
    }
}
