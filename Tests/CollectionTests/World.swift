import Hypervisor
import Testing

@testable import Collection

/// A fake hypervisor and an exporter's observer of it, on a virtual clock.
struct World: Sendable {
    let scheduler: VirtualScheduler
    let hypervisor: ScriptedHypervisor
    let observer: HypervisorObserver
    let log: LogRecorder

    /// Runs a story on the virtual clock, with an observer that runs beside it.
    ///
    /// - Parameters:
    ///   - period: what the period setter sets; nil where there is none.
    ///   - configure: changes the usual configuration.
    static func run(
        seed: UInt64 = 1,
        _ guests: [ScriptedHypervisor.Guest] = (0..<12).map { .init($0) },
        period: UInt32? = nil,
        configure: (inout HypervisorObserver.Configuration) -> Void = { _ in },
        _ story: @escaping @Sendable (World) async throws -> Void
    ) throws {
        let scheduler = VirtualScheduler(seed: seed)
        let hypervisor = ScriptedHypervisor(guests, scheduler: scheduler)
        var configuration = HypervisorObserver.Configuration()
        configure(&configuration)
        let world = World(hypervisor, configuration, scheduler)
        try scheduler.run {
            let tasks = world.begin(period: period)
            defer {
                hypervisor.heal()
                for task in tasks { task.cancel() }
            }
            try await story(world)
        }
    }

    private init(
        _ hypervisor: ScriptedHypervisor,
        _ configuration: HypervisorObserver.Configuration,
        _ scheduler: VirtualScheduler
    ) {
        let client = ScriptedHypervisor.Client(of: hypervisor)
        log = LogRecorder()
        observer = HypervisorObserver(client, configuration, scheduler: scheduler, logger: log.logger)
        client.budget = observer.budget
        (self.scheduler, self.hypervisor) = (scheduler, hypervisor)
    }

    /// Another exporter on the same host.
    func another() -> World {
        World(hypervisor, HypervisorObserver.Configuration(), scheduler)
    }

    /// Starts what runs beside the scrapes.
    func begin(period: UInt32? = nil) -> [Task<Void, Never>] {
        var tasks = [scheduler.start { [observer] in await observer.run() }]
        if let period { tasks.append(scheduler.start { [observer] in await observer.periodSetter(period).run() }) }
        return tasks
    }

    /// A scrape.
    func scrape(_ needs: Needs = .all, within time: Duration = .seconds(10)) async -> Snapshot {
        await observer.collection.snapshot(of: needs, within: time)
    }

    /// Time passes.
    func pass(_ time: Duration) async {
        try? await scheduler.sleep(for: time)
    }

    /// Other clients poll all domains' monitors, one after another, until the task is cancelled.
    func poll(every interval: Duration) -> Task<Void, Never> {
        scheduler.start {
            while !Task.isCancelled {
                for number in 0..<hypervisor.guests.count {
                    await hypervisor.occupy(number, for: .milliseconds(1) + .milliseconds(4) * scheduler.random)
                }
                guard (try? await scheduler.sleep(for: interval * (0.5 + scheduler.random))) != nil else { return }
            }
        }
    }
}

extension Snapshot {
    /// The domains that have all their figures, by their names.
    var complete: Set<String> { Set(domains.filter(\.isComplete).map(\.id.name)) }

    /// The sample of the guest of this number.
    func sample(_ number: Int) -> DomainSample? {
        domains.first { $0.id.uuid == ScriptedHypervisor.uuid(number) }
    }
}

extension DomainSample {
    /// Whether it has the guest's figures and the hypervisor's.
    var isComplete: Bool { statistics?.usable != nil && info != nil }
}

/// The names of the guests of these numbers.
func names(_ numbers: some Sequence<Int>) -> Set<String> { Set(numbers.map { "guest-\($0)" }) }
