/// What a session may do.
package enum Access: Sendable {
    /// Read only: what collecting needs.
    case readOnly
    /// Everything: what setting the statistics period needs.
    case readWrite
}

/// A way to reach one hypervisor.
package protocol Hypervisor: Sendable {
    /// The hypervisor's address, as `qemu:///system`.
    var address: String { get }

    /// Opens a session. It may take for ever: callers put a timeout on it and abandon it.
    ///
    /// - Parameter name: a short name of what the session is for.
    /// - Throws: `HypervisorError` where the hypervisor cannot be reached or refuses.
    func open(_ access: Access, name: String) async throws -> any HypervisorSession
}

/// One connection to a hypervisor. It has one call at a time; any call may take for ever, unless it says otherwise.
///
/// All calls throw `HypervisorError`.
package protocol HypervisorSession: AnyObject, Sendable {
    /// What this hypervisor's figures mean.
    var traits: HypervisorTraits { get }
    /// Yields when the session is of no more use: closed by the far end, found dead, or abandoned here.
    var closed: AsyncStream<Void> { get }

    /// What happens to the hypervisor's domains, from now until the session closes; asked once a session.
    func events() async throws -> AsyncStream<DomainEvent>
    /// Asks for an answer that concerns no domain.
    func ping() async throws
    /// Which versions run at the far end. It may take seconds.
    func version() async throws -> HypervisorVersion
    /// The active domains. It waits for each domain that the hypervisor works on.
    func activeDomains() async throws -> [DomainID]
    /// A domain's live configuration; nil where the domain does not run.
    func configuration(of domain: DomainUUID) async throws -> DomainConfiguration?
    /// The limits of a domain's memory on its host.
    func memoryLimits(of domain: DomainUUID) async throws -> MemoryLimits
    /// What is needed of these domains. A failure of one domain is its own result; a domain that has ended has none.
    func records(of domains: [DomainUUID], _ needs: Needs) async throws -> [DomainUUID: DomainReading]
    /// What a domain's monitor does; enters no monitor.
    ///
    /// - Throws: `HypervisorError` of kind `unsupported` where the hypervisor has no monitors.
    func monitor(of domain: DomainUUID) async throws -> MonitorState
    /// The host's memory and its pools of huge pages; concerns no domain.
    ///
    /// - Parameter pools: the pools that the last `hostPools()` found.
    func host(with pools: [HostPagePool]) async throws -> HostSample
    /// The host's pools of huge pages, without their free pages.
    func hostPools() async throws -> [HostPagePool]
    /// Has the hypervisor poll the guest's statistics so often, above 0 seconds.
    func setStatisticsPeriod(_ seconds: UInt32, of domain: DomainUUID) async throws
    /// Reports to `closed` that nobody uses this session any more.
    func giveUp()
    /// Closes the session.
    func close() async
}

/// One domain's part of what `HypervisorSession.records` found.
package typealias DomainReading = Result<DomainRecord, HypervisorError>

/// What one call found of one domain.
package struct DomainRecord: Hashable, Sendable {
    /// The domain's state.
    package var state: DomainState?
    /// What the hypervisor knows of it.
    package var info: DomainInfo?
    /// Its balloon statistics; nil where they were not asked for.
    package var statistics: BalloonStatistics?
    /// Whether another client's job kept the domain from being asked: the statistics then hold only what needs no monitor.
    package var wasPassedOver = false

    /// A record of these parts.
    package init(
        state: DomainState? = nil,
        info: DomainInfo? = nil,
        statistics: BalloonStatistics? = nil,
        wasPassedOver: Bool = false
    ) {
        self.state = state
        self.info = info
        self.statistics = statistics
        self.wasPassedOver = wasPassedOver
    }
}

/// What the monitor of a domain does (virDomainControlState).
package enum MonitorState: Hashable, Sendable {
    /// It is free.
    case free
    /// A job of the hypervisor's own or of another client runs.
    case job
    /// A command was sent so long ago and has not been answered.
    case occupied(Duration)
    /// It is of no use any more.
    case failed
}

/// What a hypervisor can tell of its domains, by which their figures are judged.
package struct HypervisorTraits: Hashable, Sendable {
    /// The hypervisor's name, as `QEMU`.
    package let name: String
    /// Whether it has statistics of the guests themselves.
    package let hasGuestStatistics: Bool
    /// Whether the statistics period can be set.
    package let setsPeriod: Bool

    /// The traits of one hypervisor.
    package init(name: String, hasGuestStatistics: Bool = false, setsPeriod: Bool = false) {
        self.name = name
        self.hasGuestStatistics = hasGuestStatistics
        self.setsPeriod = setsPeriod
    }
}
