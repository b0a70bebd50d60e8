import CLibvirt

/// The limits that the host puts on the memory of a domain's process; nil where none is set.
public struct MemoryLimits: Hashable, Sendable {
    /// What the process may not exceed.
    public var hard: Kibibytes?
    /// What the host brings it back to when it is short itself.
    public var soft: Kibibytes?
    /// What the process and its swap together may not exceed.
    public var swapHard: Kibibytes?

    /// No limits.
    public init() {}

    /// Takes a parameter of virDomainGetMemoryParameters; leaves one of any other name or type, and one that says that
    /// there is no limit.
    mutating func take(_ parameter: TypedParameter) {
        guard let value = unsafe parameter.unsignedLong, !Self.isUnlimited(value) else { return }
        if unsafe parameter.isNamed(VIR_DOMAIN_MEMORY_HARD_LIMIT) {
            hard = Kibibytes(value)
        } else if unsafe parameter.isNamed(VIR_DOMAIN_MEMORY_SOFT_LIMIT) {
            soft = Kibibytes(value)
        } else if unsafe parameter.isNamed(VIR_DOMAIN_MEMORY_SWAP_HARD_LIMIT) {
            swapHard = Kibibytes(value)
        }
    }

    /// libvirt's number for no limit (VIR_DOMAIN_MEMORY_PARAM_UNLIMITED), and what Linux 6 and older round it down to by
    /// its pages; 0 is no limit in the domain's XML.
    private static func isUnlimited(_ value: UInt64) -> Bool {
        value == 0 || value >= UInt64(VIR_DOMAIN_MEMORY_PARAM_UNLIMITED) & ~63
    }
}
