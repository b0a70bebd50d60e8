/// What the inventory knows of a domain between scrapes.
package struct KnownDomain: Sendable {
    /// The domain's name.
    package var name: String
    /// Its live configuration; nil while it has not been read.
    package var configuration: DomainConfiguration?
    /// The limits of its memory on the host.
    package var limits = MemoryLimits()
    /// What its events reported since it was first seen.
    package var events = EventCounts()
    /// When its guest last began anew, or was last told to report: a start, a reboot, a period that was set; nil where
    /// that was before this process watched. On the scheduler's clock.
    package var beganReporting: Duration?

    /// A domain of this name.
    package init(name: String) {
        self.name = name
    }

    /// Whether the hypervisor could poll this domain's statistics, but has no period.
    package var lacksPeriod: Bool {
        configuration.map { $0.statsPeriod == nil && $0.balloon != nil } ?? false
    }
}
