import CLibvirt

/// What one bulk call says of one domain (virDomainStatsRecord): its state and its balloon statistics.
public struct DomainStatsRecord: Hashable, Sendable {
    /// The domain.
    public let id: DomainID
    /// The domain's state; nil where the driver has no STATE group.
    public let state: DomainState?
    /// The BALLOON group.
    public let statistics: MemoryStatistics

    /// The record of one domain.
    public init(id: DomainID, state: DomainState?, statistics: MemoryStatistics) {
        self.id = id
        self.state = state
        self.statistics = statistics
    }

    init(_ record: UnsafePointer<virDomainStatsRecord>) {
        var state: DomainState?
        var statistics = MemoryStatistics()
        for index in 0..<Int(unsafe record.pointee.nparams) {
            let parameter = unsafe TypedParameter(record.pointee.params + index)
            if unsafe parameter.isNamed("state.state"), let number = unsafe parameter.int {
                state = DomainState(libvirt: number)
            } else {
                unsafe statistics.take(parameter)
            }
        }
        unsafe self.init(id: DomainID(record.pointee.dom), state: state, statistics: statistics)
    }
}
