/// The state of a domain (virDomainState).
package enum DomainState: Int32, CaseIterable, Sendable {
    /// libvirt does not know (VIR_DOMAIN_NOSTATE).
    case nostate = 0
    /// The domain runs (VIR_DOMAIN_RUNNING).
    case running = 1
    /// The domain waits for a resource; a state of Xen's (VIR_DOMAIN_BLOCKED).
    case blocked = 2
    /// The domain's virtual CPUs are stopped (VIR_DOMAIN_PAUSED).
    case paused = 3
    /// The guest is shutting down (VIR_DOMAIN_SHUTDOWN).
    case shutdown = 4
    /// The domain does not run (VIR_DOMAIN_SHUTOFF).
    case shutoff = 5
    /// The guest crashed (VIR_DOMAIN_CRASHED).
    case crashed = 6
    /// The guest sleeps (VIR_DOMAIN_PMSUSPENDED).
    case pmsuspended = 7

    /// Whether the guest stands still until it is told to go on.
    package var isSuspended: Bool { self == .paused || self == .pmsuspended }
}
