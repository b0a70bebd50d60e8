import HTTPTypes
import Synchronization

/// How many requests were answered with which status.
final class RequestCounts: Sendable {
    private let counts = Mutex<[Int: UInt64]>([:])

    /// The answers since the start by their status codes.
    var answered: [Int: UInt64] { counts.withLock { $0 } }

    func count(_ status: HTTPResponse.Status) {
        counts.withLock { $0[status.code, default: 0] += 1 }
    }
}
