import Libvirt

/// What the inventory knows of a domain between scrapes.
public struct KnownDomain: Sendable {
    /// The domain's name.
    public var name: String
    /// Its live configuration.
    public var configuration: DomainConfiguration
    /// The limits of its memory on the host.
    public var limits = MemoryLimits()
    /// What its events said since it was first seen.
    public var events = EventCounts()
    /// When its guest last began anew, or was last told to report: a start, a reboot, a period that was set; nil where
    /// that was before this exporter watched.
    var beganReporting: SuspendingClock.Instant?
    /// When its guest last rebooted; nil where this exporter has not seen it.
    var lastReboot: SuspendingClock.Instant?
    /// When its configuration was read, by the host's clock, in Unix seconds.
    var readAt = 0.0
    /// The driver's last answer that a collection saw while nobody was known to ask, in Unix seconds; nil where none has
    /// looked.
    var lastUpdate: UInt64?
    /// Whether the last collection that learnt anything of it found it stale.
    var isStale = false

    /// A domain of this name and configuration.
    public init(name: String, configuration: DomainConfiguration) {
        self.name = name
        self.configuration = configuration
    }

    /// Whether the driver has answered since this was last asked, or since the configuration was read: it does so once
    /// when it is loaded, and again only if it is polled. Each answer counts once, whatever the clock does.
    func hasAnswered(at lastUpdate: UInt64) -> Bool {
        guard let before = self.lastUpdate else { return Double(lastUpdate) > readAt }
        return lastUpdate != before
    }
}

/// How often what happened to a domain.
public struct EventCounts: Hashable, Sendable {
    /// The balloon's size changed.
    public var balloonChanges: UInt64 = 0
    /// The guest rebooted.
    public var reboots: UInt64 = 0
    /// The metadata changed.
    public var metadataChanges: UInt64 = 0
    /// A memory device's size changed.
    public var memoryDeviceResizes: UInt64 = 0
    /// The host's hardware lost memory of it.
    public var memoryFailures: [MemoryFailure: UInt64] = [:]

    /// Nothing happened yet.
    public init() {}

    mutating func count(_ kind: DomainEvent.Kind) {
        switch kind {
        case .balloonChanged: balloonChanges += 1
        case .rebooted: reboots += 1
        case .metadataChanged: metadataChanges += 1
        case .memoryDeviceResized: memoryDeviceResizes += 1
        case .memoryFailed(let failure): memoryFailures[failure, default: 0] += 1
        case .started, .stopped, .undefined, .changed: break
        }
    }
}
