/// The limits that the host puts on the memory of a domain's process; nil where none is set.
package struct MemoryLimits: Hashable, Sendable {
    /// What the process may not exceed.
    package var hard: UInt64?
    /// What the host brings it back to when it is short itself.
    package var soft: UInt64?
    /// What the process and its swap together may not exceed.
    package var swapHard: UInt64?

    /// No limits.
    package init() {}
}
