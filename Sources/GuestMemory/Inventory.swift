import FoundationEssentials
import Libvirt
import Synchronization

/// Who the active domains are, how they are configured and what happened to them: read once, and again on the events
/// that change it, so that a scrape reads none of it.
public final class Inventory: Sendable {
    private struct Storage {
        var domains: [DomainUUID: KnownDomain] = [:]
        var driver: HypervisorDriver?
        var hostPages: [HostPagePool] = []
        var isComplete = false
        var doubts: AsyncStream<Doubt>.Continuation?
    }

    /// What a collection found that the inventory does not say.
    enum Doubt: Equatable, Sendable {
        /// Domains that it does not know.
        case unknownDomains
        /// A domain without a period that answers all the same: another process has set one, of which no event tells.
        case answersUnasked(DomainID)
        /// A domain that became stale: another process may have set a longer period, of which no event tells either.
        case becameStale(DomainID)
    }

    /// One reboot is up to three events within 0.2 s: SeaBIOS resets the machine twice more on its way.
    private static let longestReboot = Duration.seconds(1)

    private let storage = Mutex(Storage())
    /// Yields after a domain was added or read anew; for one consumer.
    let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// An inventory of no domains.
    public init() {
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Yields when a collection finds what the inventory does not say, until this is called again.
    ///
    /// Each watch asks for a stream of its own: a stream ends for good when the task that reads it is cancelled, as a watch
    /// is when its connection is lost.
    func doubts() -> AsyncStream<Doubt> {
        let (stream, continuation) = AsyncStream.makeStream(of: Doubt.self, bufferingPolicy: .bufferingNewest(1000))
        let former = storage.withLock { storage in
            defer { storage.doubts = continuation }
            return storage.doubts
        }
        former?.finish()
        return stream
    }

    /// All domains that are known, by their UUIDs.
    var domains: [DomainUUID: KnownDomain] {
        storage.withLock { $0.domains }
    }

    /// The host's pools of pages, without their free pages.
    var hostPages: [HostPagePool] {
        storage.withLock { $0.hostPages }
    }

    /// Whether the domains have been read once since the connection was opened.
    public var isComplete: Bool {
        storage.withLock { $0.isComplete }
    }

    /// How many domains are known.
    public var count: Int {
        storage.withLock { $0.domains.count }
    }

    /// The domains that could be polled but have no statistics period; empty where the driver cannot set one.
    var domainsWithoutPeriod: [DomainID] {
        storage.withLock { storage in
            guard storage.driver?.setsPeriod == true else { return [] }
            return storage.domains.filter { $0.value.configuration.lacksStatsPeriod }
                .map { DomainID(uuid: $0.key, name: $0.value.name) }
        }
    }

    /// A connection to a hypervisor of this driver was opened.
    func connected(to driver: HypervisorDriver) {
        storage.withLock { storage in
            storage.driver = driver
            storage.isComplete = false
        }
    }

    /// All active domains have been read.
    ///
    /// - Parameters:
    ///   - domains: the domains; all others are forgotten.
    ///   - hostPages: the host's pools of pages; nil where they could not be read.
    func complete(with domains: some Sequence<DomainUUID>, hostPages: [HostPagePool]?) {
        let active = Set(domains)
        storage.withLock { storage in
            storage.domains = storage.domains.filter { active.contains($0.key) }
            storage.hostPages = hostPages ?? storage.hostPages
            storage.isComplete = true
        }
    }

    /// A domain was read: it is new, or keeps what happened to it.
    func read(
        _ domain: DomainID,
        _ configuration: DomainConfiguration,
        _ limits: MemoryLimits,
        wall: Double = Date().timeIntervalSince1970
    ) {
        storage.withLock { storage in
            var known =
                storage.domains[domain.uuid] ?? KnownDomain(name: domain.name, configuration: configuration)
            known.name = domain.name
            known.configuration = configuration
            known.limits = limits
            known.readAt = wall
            storage.domains[domain.uuid] = known
        }
        changed.yield()
    }

    /// Something happened to a domain.
    func note(_ event: DomainEvent, at now: SuspendingClock.Instant = .now) {
        storage.withLock { storage in
            if event.kind == .rebooted, let reboot = storage.domains[event.domain.uuid]?.lastReboot,
                reboot.duration(to: now) < Self.longestReboot
            {
                return
            }
            storage.domains[event.domain.uuid]?.events.count(event.kind)
            switch event.kind {
            case .stopped: storage.domains[event.domain.uuid] = nil
            case .started: storage.domains[event.domain.uuid]?.beganReporting = now
            case .rebooted:
                storage.domains[event.domain.uuid]?.beganReporting = now
                storage.domains[event.domain.uuid]?.lastReboot = now
            default: break
            }
        }
    }

    func remove(_ domain: DomainUUID) {
        storage.withLock { $0.domains[domain] = nil }
    }

    func periodWasSet(to seconds: UInt32, of domain: DomainUUID, at now: SuspendingClock.Instant = .now) {
        storage.withLock { storage in
            storage.domains[domain]?.configuration.statsPeriod = seconds
            storage.domains[domain]?.beganReporting = now
        }
    }

    /// Has read again what these samples of a collection show to be otherwise than the inventory says: an event that was
    /// lost costs nothing then, nor does a change of which libvirt has no event.
    func compare(with samples: [DomainSample]) {
        let (found, doubts) = storage.withLock { storage in
            var found: [Doubt] = []
            for sample in samples {
                let uuid = sample.id.uuid
                guard let known = storage.domains[uuid] else {
                    if found.first != .unknownDomains { found.insert(.unknownDomains, at: 0) }
                    continue
                }
                if sample.status == .stale, !known.isStale { found.append(.becameStale(sample.id)) }
                if let status = sample.status { storage.domains[uuid]?.isStale = status == .stale }
                guard known.configuration.lacksStatsPeriod, let lastUpdate = sample.statistics?.lastUpdate else {
                    continue
                }
                if known.hasAnswered(at: lastUpdate) { found.append(.answersUnasked(sample.id)) }
                storage.domains[uuid]?.lastUpdate = lastUpdate
            }
            return (found, storage.doubts)
        }
        for doubt in found { doubts?.yield(doubt) }
    }

    /// Whether the domain could be polled, but has no statistics period that is known.
    func lacksPeriod(_ domain: DomainUUID) -> Bool {
        storage.withLock { $0.driver?.setsPeriod == true && $0.domains[domain]?.configuration.lacksStatsPeriod == true }
    }
}
