import Hypervisor
import Logging
import Synchronization

/// Keeps one session open, in the background: who needs it takes the one that is open now, or goes without.
package final class Reconnector: Sendable {
    /// Timeout of an attempt to open; the attempt is repeated then.
    static let openTimeout = Duration.seconds(10)
    /// A session that was open for so long worked.
    private static let steadyTime = Duration.seconds(10)

    private struct State {
        var session: (any HypervisorSession)?
        var wasAbandoned = false
        var failure: HypervisorError?
    }

    private let hypervisor: any Hypervisor
    private let name: String
    private let budget: CallBudget
    private let scheduler: any Scheduler
    private let logger: Logger
    private let onChange: @Sendable ((any HypervisorSession)?) -> Void
    private let state = Mutex(State())

    /// A read-only session that is yet to be opened, by `run()`.
    ///
    /// - Parameters:
    ///   - name: a short name of what the session is for.
    ///   - logger: receives why it cannot connect, and that it connected.
    ///   - onChange: is called with each session that is opened, and with nil when it is of no more use.
    package init(
        _ hypervisor: any Hypervisor,
        name: String,
        budget: CallBudget,
        scheduler: any Scheduler,
        logger: Logger,
        onChange: @escaping @Sendable ((any HypervisorSession)?) -> Void = { _ in }
    ) {
        self.hypervisor = hypervisor
        self.name = name
        self.budget = budget
        self.scheduler = scheduler
        self.logger = logger
        self.onChange = onChange
    }

    /// The session that is open now; nil while there is none. Never waits.
    package var current: (any HypervisorSession)? { state.withLock { $0.session } }

    /// Why the last attempt failed; nil after one that succeeded, and before the first has ended.
    package var failure: HypervisorError? { state.withLock { $0.failure } }

    /// Drops a session that was lost, or on which a call was abandoned; another one will be opened, at once in the latter
    /// case. Nothing happens where it is not the current one.
    package func drop(_ session: any HypervisorSession, wasAbandoned: Bool) {
        let isCurrent = state.withLock { state in
            guard state.session === session else { return false }
            state.session = nil
            state.wasAbandoned = wasAbandoned
            return true
        }
        guard isCurrent else { return }
        onChange(nil)
        session.giveUp()
    }

    /// Keeps a session open until the task is cancelled.
    ///
    /// - Parameter use: runs beside each session, and is cancelled when that one is lost.
    package func run(_ use: @escaping @Sendable (any HypervisorSession) async -> Void = { _ in }) async {
        var backoff = Backoff()
        var wasOpen = false
        while !Task.isCancelled {
            do {
                let session = try await budget.run(in: .open, within: Self.openTimeout) { [hypervisor, name] in
                    try await hypervisor.open(.readOnly, name: name)
                }
                logger.info(
                    "connected to the hypervisor",
                    metadata: ["uri": "\(hypervisor.address)", "driver": "\(session.traits.name)"]
                )
                if wasOpen { budget.countReconnect() }
                wasOpen = true
                let start = scheduler.now
                await hold(session, use)
                if Task.isCancelled { return await session.close() }
                if scheduler.now - start > Self.steadyTime { backoff.reset() }
                if state.withLock({ $0.wasAbandoned }) { continue }
                logger.warning("connection to the hypervisor lost", metadata: ["uri": "\(hypervisor.address)"])
            } catch let error as HypervisorError {
                let former = state.withLock { state in
                    defer { state.failure = error }
                    return state.failure
                }
                // The same failure again and again is one event.
                if former != error {
                    logger.warning(
                        "cannot connect to the hypervisor; trying again until it works",
                        metadata: ["uri": "\(hypervisor.address)", "error": "\(error)"]
                    )
                }
            } catch {
                return
            }
            try? await scheduler.sleep(for: backoff.delay(jitter: scheduler.random))
        }
    }

    private func hold(
        _ session: any HypervisorSession,
        _ use: @escaping @Sendable (any HypervisorSession) async -> Void
    ) async {
        state.withLock { $0 = State(session: session) }
        onChange(session)
        await withTaskGroup { group in
            group.addTask { await use(session) }
            for await _ in session.closed { break }
            group.cancelAll()
        }
        drop(session, wasAbandoned: false)
    }
}
