import CLibvirt

/// How the way to a domain's monitor stands; read without entering it (virDomainGetControlInfo).
public struct ControlInfo: Hashable, Sendable {
    /// What the monitor does (virDomainControlState).
    public enum State: Int32, Sendable {
        /// It is free (VIR_DOMAIN_CONTROL_OK).
        case free = 0
        /// A job of libvirt's runs, in the background too (VIR_DOMAIN_CONTROL_JOB).
        case job = 1
        /// A command has been sent and not been answered (VIR_DOMAIN_CONTROL_OCCUPIED).
        case occupied = 2
        /// It is of no use any more (VIR_DOMAIN_CONTROL_ERROR).
        case error = 3
    }

    /// What the monitor does.
    public let state: State
    /// For how long it has done so, in milliseconds.
    public let milliseconds: UInt64

    /// The state of one domain's monitor.
    public init(state: State, milliseconds: UInt64) {
        self.state = state
        self.milliseconds = milliseconds
    }
}
