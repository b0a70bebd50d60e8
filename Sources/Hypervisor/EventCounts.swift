/// How many events of each kind a domain had.
package struct EventCounts: Hashable, Sendable {
    /// The balloon's size changed.
    package var balloonChanges: UInt64 = 0
    /// The guest rebooted.
    package var reboots: UInt64 = 0
    /// The metadata changed.
    package var metadataChanges: UInt64 = 0
    /// A memory device's size changed.
    package var memoryDeviceResizes: UInt64 = 0
    /// The host's hardware lost memory of it.
    package var memoryFailures: [MemoryFailure: UInt64] = [:]

    /// Nothing happened yet.
    package init() {}

    /// Counts one event.
    package mutating func count(_ kind: DomainEvent.Kind) {
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
