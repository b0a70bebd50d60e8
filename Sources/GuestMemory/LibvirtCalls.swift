import Libvirt
import Synchronization

/// Makes libvirt's calls with a deadline, and counts what comes of them.
///
/// A call that takes too long is left behind. It holds a thread here and a worker of libvirtd until it returns, so their
/// number is watched and bounded.
public final class LibvirtCalls: Sendable {
    /// So many calls may be left behind before no further call that can block is made (docs/reliability.md): libvirtd
    /// has 20 workers for everybody.
    ///
    /// Where a guest is frozen for each of four calls, or for each of the connections of a collection, one call is left
    /// for everybody else.
    let leftBehindBound: Int

    /// The counts at one moment.
    public struct Counts: Sendable {
        /// How many calls were left behind and have not come back yet.
        public fileprivate(set) var leftBehind = 0
        /// How often a connection was opened again after it had been lost or left behind.
        public fileprivate(set) var reconnects: UInt64 = 0
        /// libvirt's errors by their number (virErrorNumber). That a domain ended between two calls, or that a driver has
        /// no such call, is none.
        public fileprivate(set) var errors: [Int32: UInt64] = [:]
    }

    private let storage = Mutex(Counts())

    /// No calls made yet.
    ///
    /// - Parameter connections: on how many connections statistics are collected at the same time.
    public init(collectingConnections connections: Int = 1) {
        leftBehindBound = max(4, connections) + 1
    }

    /// The counts now.
    public var counts: Counts { storage.withLock { $0 } }

    /// How many calls were left behind and have not come back yet.
    var leftBehind: Int { storage.withLock { $0.leftBehind } }

    func countReconnect() {
        storage.withLock { $0.reconnects += 1 }
    }

    /// Counts an error of one domain within a call that succeeded; `run` counts those of whole calls itself.
    func count(_ error: LibvirtError) {
        guard !error.isDomainGone, !error.isUnsupported else { return }
        storage.withLock { $0.errors[error.code, default: 0] += 1 }
    }

    /// Makes a call that may block for ever, and waits for it until the deadline.
    ///
    /// A call that is late is not stopped, for libvirt has no way to: it is left behind, and counted until it comes
    /// back; what it brings then is dropped.
    ///
    /// - Throws: what the call throws; `DeadlineExceeded`; `CancellationError` when the waiting task is cancelled.
    func run<Value: Sendable>(
        until deadline: ContinuousClock.Instant? = nil,
        _ call: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let race = Race<Value>()
        Task {
            let result: Result<Value, any Error>
            do {
                result = .success(try await call())
            } catch {
                if let error = error as? LibvirtError { count(error) }
                result = .failure(error)
            }
            if !race.end(with: result) { storage.withLock { $0.leftBehind -= 1 } }
        }
        let giveUp = { @Sendable (reason: any Error) in
            // Counted first: between the two the call may come back.
            self.storage.withLock { $0.leftBehind += 1 }
            if !race.end(with: .failure(reason)) { self.storage.withLock { $0.leftBehind -= 1 } }
        }
        let timer = deadline.map { deadline in
            Task {
                try await Task.sleep(until: deadline, clock: .continuous)
                giveUp(DeadlineExceeded())
            }
        }
        defer { timer?.cancel() }
        return try await withTaskCancellationHandler {
            try await race.result()
        } onCancel: {
            giveUp(CancellationError())
        }
    }
}

/// A call took longer than its caller could wait; it is left behind.
public struct DeadlineExceeded: Error, CustomStringConvertible {
    /// That there was no answer in time.
    public var description: String { "no answer in time" }
}
