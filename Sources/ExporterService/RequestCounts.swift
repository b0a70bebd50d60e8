import HTTPTypes
import Synchronization

/// How many requests were answered with which status, and how many scrapes are being answered now.
final class RequestCounts: Sendable {
    private struct Storage {
        var answered: [Int: UInt64] = [:]
        var scrapesUnderWay = 0
    }

    private let storage = Mutex(Storage())

    /// The answers since the start by their status codes.
    var answered: [Int: UInt64] { storage.withLock { $0.answered } }

    func count(_ status: HTTPResponse.Status) {
        storage.withLock { $0.answered[status.code, default: 0] += 1 }
    }

    /// Does the work of one scrape, where no more than so many are under way; otherwise nil.
    func scrape<Value: Sendable>(atMost bound: Int, _ work: () async -> Value) async -> Value? {
        let mayStart = storage.withLock { storage in
            guard storage.scrapesUnderWay < bound else { return false }
            storage.scrapesUnderWay += 1
            return true
        }
        guard mayStart else { return nil }
        defer { storage.withLock { $0.scrapesUnderWay -= 1 } }
        return await work()
    }
}
