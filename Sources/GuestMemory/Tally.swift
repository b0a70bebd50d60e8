import Libvirt
import Synchronization

/// What the exporter counts of its own dealings with libvirt, since it started.
public final class Tally: Sendable {
    /// The counts at one moment.
    public struct Counts: Sendable {
        /// How often a connection was opened again after it had been lost or left behind.
        public fileprivate(set) var reconnects: UInt64 = 0
        /// libvirt's errors by their number (virErrorNumber); those of domains that ended between two calls are none.
        public fileprivate(set) var errors: [Int32: UInt64] = [:]
    }

    private let storage = Mutex(Counts())

    /// Nothing counted yet.
    public init() {}

    /// The counts now.
    public var counts: Counts { storage.withLock { $0 } }

    func countReconnect() {
        storage.withLock { $0.reconnects += 1 }
    }

    func count(_ error: LibvirtError) {
        guard !error.isDomainGone else { return }
        storage.withLock { $0.errors[error.code, default: 0] += 1 }
    }
}
