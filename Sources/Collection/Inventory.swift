import Hypervisor
import Synchronization

/// Which domains are active, how they are configured and what happened to them: kept by events and a list in the
/// background, so that a scrape asks for none of it.
package final class Inventory: Sendable {
    /// A moment in the inventory's history.
    struct Moment: Comparable, Sendable {
        fileprivate let number: UInt64

        static func < (first: Moment, second: Moment) -> Bool { first.number < second.number }
    }

    private struct Entry {
        var known: KnownDomain
        let added: Moment
        /// When its name was last learnt.
        var named: Moment
        var lastReboot: Duration?
        var lastUpdate: UInt64?
        var readAt = 0.0
        var isStale = false
    }

    private struct Storage {
        var entries: [DomainUUID: Entry] = [:]
        var removals: [DomainUUID: Moment] = [:]
        var traits: HypervisorTraits?
        var version: HypervisorVersion?
        var hostPools: [HostPagePool] = []
        var isComplete = false
        var moment = Moment(number: 0)

        mutating func nextMoment() -> Moment {
            moment = Moment(number: moment.number + 1)
            return moment
        }

        mutating func add(_ domain: DomainID) {
            let moment = nextMoment()
            entries[domain.uuid] = Entry(known: KnownDomain(name: domain.name), added: moment, named: moment)
        }

        mutating func rename(_ domain: DomainID) {
            guard var entry = entries[domain.uuid], entry.known.name != domain.name else { return }
            entry.known.name = domain.name
            entry.named = nextMoment()
            entries[domain.uuid] = entry
        }

        mutating func remove(_ domain: DomainUUID) {
            entries[domain] = nil
            removals[domain] = nextMoment()
        }
    }

    /// One reboot is up to three events within 0.2 s: SeaBIOS resets the machine twice more on its way.
    private static let longestReboot = Duration.seconds(1)

    private let scheduler: any Scheduler
    private let storage = Mutex(Storage())
    /// Yields after a domain's configuration became known; for one consumer.
    let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// An inventory of no domains.
    package init(scheduler: any Scheduler) {
        self.scheduler = scheduler
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The active domains.
    package var domains: [DomainUUID: KnownDomain] { storage.withLock { $0.entries.mapValues(\.known) } }

    /// Whether the domains have been listed once.
    package var isComplete: Bool { storage.withLock { $0.isComplete } }

    /// How many domains are active.
    package var count: Int { storage.withLock { $0.entries.count } }

    /// What the hypervisor's figures mean; nil before the first session.
    package var traits: HypervisorTraits? { storage.withLock { $0.traits } }

    /// The hypervisor's versions; nil while they are not known.
    package var version: HypervisorVersion? { storage.withLock { $0.version } }

    /// The host's pools of huge pages, without their free pages.
    package var hostPools: [HostPagePool] { storage.withLock { $0.hostPools } }

    /// The domains that could be polled but have no statistics period; empty where the hypervisor cannot set one.
    package var domainsWithoutPeriod: [DomainID] {
        storage.withLock { storage in
            guard storage.traits?.setsPeriod == true else { return [] }
            return storage.entries.filter { $0.value.known.lacksPeriod }
                .map { DomainID(uuid: $0.key, name: $0.value.known.name) }
                .sorted()
        }
    }

    /// A session to a hypervisor of these traits was opened.
    func connected(to traits: HypervisorTraits) {
        storage.withLock { $0.traits = traits }
    }

    func found(_ version: HypervisorVersion) {
        storage.withLock { $0.version = version }
    }

    func found(_ pools: [HostPagePool]) {
        storage.withLock { $0.hostPools = pools }
    }

    /// The moment now: what a list that begins now may be older than.
    var moment: Moment { storage.withLock { $0.moment } }

    /// The domains were listed. What happened to a domain after the list began counts more than the list.
    ///
    /// - Returns: the domains that were added.
    func reconcile(with list: [DomainID], begunAt begin: Moment) -> [DomainID] {
        storage.withLock { storage in
            let listed = Set(list.map(\.uuid))
            for (uuid, entry) in storage.entries where !listed.contains(uuid) && entry.added <= begin {
                storage.remove(uuid)
            }
            var added: [DomainID] = []
            for domain in list {
                if let entry = storage.entries[domain.uuid] {
                    if entry.named <= begin { storage.rename(domain) }
                    continue
                }
                if let removal = storage.removals[domain.uuid], removal > begin { continue }
                storage.add(domain)
                added.append(domain)
            }
            storage.removals = storage.removals.filter { $0.value > begin }
            storage.isComplete = true
            return added
        }
    }

    /// A domain's configuration was read, by calls that began then: nothing is learnt of a domain that ended meanwhile.
    func read(
        _ domain: DomainID,
        _ configuration: DomainConfiguration,
        _ limits: MemoryLimits,
        begunAt begin: Moment
    ) {
        storage.withLock { storage in
            if let removal = storage.removals[domain.uuid], removal > begin { return }
            if storage.entries[domain.uuid] == nil { storage.add(domain) }
            storage.entries[domain.uuid]?.known.configuration = configuration
            storage.entries[domain.uuid]?.known.limits = limits
            storage.entries[domain.uuid]?.readAt = scheduler.wall
        }
        changed.yield()
    }

    /// A domain was found not to run.
    func ended(_ domain: DomainUUID) {
        storage.withLock { $0.remove(domain) }
    }

    /// Something happened to a domain.
    func note(_ event: DomainEvent) {
        let (uuid, now) = (event.domain.uuid, scheduler.now)
        storage.withLock { storage in
            switch event.kind {
            case .stopped:
                storage.remove(uuid)
            case .started:
                if storage.entries[uuid] == nil { storage.add(event.domain) }
                storage.entries[uuid]?.known.beganReporting = now
            case .rebooted:
                if let last = storage.entries[uuid]?.lastReboot, now - last < Self.longestReboot { return }
                storage.entries[uuid]?.lastReboot = now
                storage.entries[uuid]?.known.beganReporting = now
            default:
                break
            }
            // The event that a domain's old name was undefined bears that name.
            if event.kind != .undefined { storage.rename(event.domain) }
            storage.entries[uuid]?.known.events.count(event.kind)
        }
    }

    /// This process set a domain's period.
    func periodWasSet(to seconds: UInt32, of domain: DomainUUID) {
        storage.withLock { storage in
            storage.entries[domain]?.known.configuration?.statsPeriod = seconds
            storage.entries[domain]?.known.beganReporting = scheduler.now
        }
    }

    /// Another process had set a domain's period.
    func periodWasFound(_ seconds: UInt32, of domain: DomainUUID) {
        storage.withLock { $0.entries[domain]?.known.configuration?.statsPeriod = seconds }
    }

    /// The domains whose sample contradicts the inventory: their configuration has to be read again. It covers lost events,
    /// and changes that libvirt sends no event for, such as a new statistics period.
    func mismatches(in snapshot: Snapshot) -> [DomainID] {
        storage.withLock { storage in
            var mismatches: [DomainID] = []
            for sample in snapshot.domains {
                let uuid = sample.id.uuid
                guard var entry = storage.entries[uuid] else { continue }
                if sample.status == .stale, !entry.isStale { mismatches.append(sample.id) }
                if let status = sample.status { entry.isStale = status == .stale }
                if entry.known.lacksPeriod, sample.obstacle == nil, let lastUpdate = sample.statistics?.lastUpdate {
                    // The driver answers once when it is loaded, and again only if it is polled. Each answer counts once,
                    // whatever the host's clock does.
                    let hasAnswered = entry.lastUpdate.map { $0 != lastUpdate } ?? (Double(lastUpdate) > entry.readAt)
                    if hasAnswered { mismatches.append(sample.id) }
                    entry.lastUpdate = lastUpdate
                }
                storage.entries[uuid] = entry
            }
            return mismatches
        }
    }
}
