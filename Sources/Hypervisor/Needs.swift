/// What a collection asks a hypervisor for: the union of what the chosen collectors need.
package struct Needs: OptionSet, Hashable, Sendable {
    /// The bits.
    package let rawValue: UInt8

    /// A set of these bits.
    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// What the hypervisor knows of a domain itself: memory given, virtual CPUs, CPU time. Enters no monitor.
    package static let info = Needs(rawValue: 1)
    /// The guest's balloon statistics. Enters the monitor of each domain.
    package static let statistics = Needs(rawValue: 2)
    /// The host's own memory.
    package static let host = Needs(rawValue: 4)
    /// Everything.
    package static let all: Needs = [.info, .statistics, .host]
}
