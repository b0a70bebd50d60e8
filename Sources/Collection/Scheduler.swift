import FoundationEssentials

/// Time, tasks and chance, injected so that tests run faults of minutes in milliseconds and replay them exactly.
package protocol Scheduler: Sendable {
    /// The time since some moment before the process used it; time in which the host slept does not count.
    var now: Duration { get }
    /// The host's wall clock, in Unix seconds.
    var wall: Double { get }
    /// A random number from 0 to below 1.
    var random: Double { get }
    /// Waits until `now` is at least this.
    ///
    /// - Throws: `CancellationError`.
    func sleep(until time: Duration) async throws
    /// Starts a task that outlives its caller.
    @discardableResult
    func start(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never>
}

extension Scheduler {
    /// Waits for so long.
    ///
    /// - Throws: `CancellationError`.
    package func sleep(for duration: Duration) async throws {
        try await sleep(until: now + duration)
    }
}

/// The host's own clocks and Swift's own tasks.
package struct SystemScheduler: Scheduler {
    private static let origin = SuspendingClock.now

    /// The scheduler of a running service.
    package init() {}

    package var now: Duration { Self.origin.duration(to: .now) }

    package var wall: Double { Date().timeIntervalSince1970 }

    package var random: Double { .random(in: 0..<1) }

    package func sleep(until time: Duration) async throws {
        try await Task.sleep(until: Self.origin + time, clock: .suspending)
    }

    @discardableResult
    package func start(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(operation: operation)
    }
}
