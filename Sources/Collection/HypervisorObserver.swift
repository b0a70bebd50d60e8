import Hypervisor
import Logging

/// The parts that watch one hypervisor and collect from it, joined.
package struct HypervisorObserver: Sendable {
    /// How one hypervisor is collected from.
    package struct Configuration: Sendable {
        /// The largest number of sessions that collect at the same time; 1 or more.
        package var sessions = 4
        /// The largest number of calls under way and abandoned together; 1 or more.
        package var maximumAbandoned = 10
        /// The longest that a collection may take.
        package var timeout = Duration.seconds(10)
        /// A snapshot younger than this is used again.
        package var maximumAge = Duration.zero
        /// Whether domains' limits and the host's pools of pages are read too.
        package var readsLimits = true

        /// The usual configuration.
        package init() {}
    }

    /// The calls into the hypervisor, and what came of them.
    package let budget: CallBudget
    /// Which domains there are.
    package let inventory: Inventory
    /// What a scrape asks.
    package let collection: SharedCollection
    /// The session of the events, which no call about a domain blocks.
    package let control: Reconnector
    private let pool: SessionPool
    private let watch: DomainWatch
    private let hypervisor: any Hypervisor
    private let scheduler: any Scheduler
    private let logger: Logger

    /// An observer that is yet to be run.
    package init(
        _ hypervisor: any Hypervisor,
        _ configuration: Configuration = Configuration(),
        scheduler: any Scheduler = SystemScheduler(),
        logger: Logger
    ) {
        let budget = CallBudget(bound: configuration.maximumAbandoned, scheduler: scheduler)
        let inventory = Inventory(scheduler: scheduler)
        // The sessions go where the first one goes: what they log need not be logged twice.
        var quiet = logger
        quiet.logLevel = max(.error, logger.logLevel)
        let control = Reconnector(
            hypervisor,
            name: "libvirt-control",
            budget: budget,
            scheduler: scheduler,
            logger: logger
        )
        let reader = Reconnector(
            hypervisor,
            name: "libvirt-reader",
            budget: budget,
            scheduler: scheduler,
            logger: quiet
        )
        let pool = SessionPool(
            hypervisor,
            size: configuration.sessions,
            budget: budget,
            scheduler: scheduler,
            logger: quiet
        )
        let collection = SharedCollection(
            pool: pool,
            control: control,
            inventory: inventory,
            budget: budget,
            scheduler: scheduler,
            timeout: configuration.timeout,
            maximumAge: configuration.maximumAge,
            logger: logger
        )
        watch = DomainWatch(
            control: control,
            reader: reader,
            inventory: inventory,
            readsLimits: configuration.readsLimits,
            snapshots: { await collection.snapshots() },
            budget: budget,
            scheduler: scheduler,
            logger: logger
        )
        (self.budget, self.inventory, self.collection) = (budget, inventory, collection)
        (self.control, self.pool) = (control, pool)
        (self.hypervisor, self.scheduler, self.logger) = (hypervisor, scheduler, logger)
    }

    /// Whether there is a connection to the hypervisor now.
    package var isConnected: Bool { control.current != nil }

    /// Waits for the first attempt to connect.
    ///
    /// - Throws: `HypervisorError` of kind `wrongAddress` where no attempt can ever succeed; `CancellationError`.
    package func checkAddress() async throws {
        while control.current == nil {
            if let failure = control.failure {
                if failure.kind == .wrongAddress { throw failure }
                return
            }
            try await scheduler.sleep(for: .milliseconds(20))
        }
    }

    /// What sets a period of so many seconds, above 0, on the domains that have none.
    package func periodSetter(_ seconds: UInt32) -> PeriodSetter {
        PeriodSetter(
            seconds: seconds,
            hypervisor: hypervisor,
            inventory: inventory,
            budget: budget,
            scheduler: scheduler,
            logger: logger
        )
    }

    /// Keeps the sessions open and the inventory true until the task is cancelled.
    ///
    /// - Parameter collects: whether sessions to collect by are opened.
    package func run(collects: Bool = true) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await watch.run() }
            if collects { group.addTask { await pool.run() } }
        }
    }
}
