import CLibvirt
import Hypervisor

/// What one bulk call found of one domain (virDomainStatsRecord): its state and its balloon statistics.
package struct DomainStatsRecord: Hashable, Sendable {
    /// The domain.
    package let id: DomainID
    /// The domain's state; nil where the driver has no STATE group.
    package let state: DomainState?
    /// The BALLOON group.
    package let statistics: BalloonStatistics

    init(_ record: UnsafePointer<virDomainStatsRecord>) {
        var state: DomainState?
        var statistics = BalloonStatistics()
        for index in 0..<Int(unsafe record.pointee.nparams) {
            let parameter = unsafe TypedParameter(record.pointee.params + index)
            if unsafe parameter.isNamed("state.state"), let number = unsafe parameter.int {
                state = DomainState(libvirt: number)
            } else {
                unsafe statistics.take(parameter)
            }
        }
        id = unsafe DomainID(record.pointee.dom)
        (self.state, self.statistics) = (state, statistics)
    }
}
