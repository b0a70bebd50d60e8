import FoundationEssentials
import Hypervisor
import Synchronization
import Testing

@testable import Collection

/// What holds whatever happens: thousands of random schedules of faults, minutes each on the virtual clock.
///
/// `SIMULATION_SEED=n` replays one; `SIMULATION_SECONDS=n` goes on for so long.
@Suite struct SimulationTests {
    /// No more failing seeds than this are told of.
    private static let mostFailures = 3

    @Test func whateverHappensTheInvariantsHold() async {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["SIMULATION_SEED"].flatMap({ UInt64($0) }) {
            let run = Simulation(seed: seed)
            for failure in run.run() { Issue.record("\(failure)\n\(run.journal.joined(separator: "\n"))") }
            return
        }
        let seconds = environment["SIMULATION_SECONDS"].flatMap { Int($0) } ?? 10
        let end = ContinuousClock.now + .seconds(seconds)
        let first = UInt64.random(in: 0..<1_000_000_000)
        var (seed, failing) = (first, 0)
        while ContinuousClock.now < end, failing < Self.mostFailures {
            let failures = Simulation(seed: seed).run()
            if let failure = failures.first {
                Issue.record("SIMULATION_SEED=\(seed) swift test --filter SimulationTests: \(failure)")
                failing += 1
            }
            seed += 1
            // Other tests share the threads.
            await Task.yield()
        }
        print("\(seed - first) schedules from seed \(first) on")
    }
}

extension DomainSample {
    fileprivate var summary: String {
        "usable \(statistics?.usable != nil), info \(info != nil), obstacle \(obstacle.map { "\($0)" } ?? "none"), "
            + "status \(status?.rawValue ?? "none"), configuration \(known.configuration != nil)"
    }
}

/// One schedule of faults, and what it broke.
private final class Simulation: Sendable {
    private static let timeout = Duration.seconds(10)
    /// After a fault of the whole hypervisor all is well again within this time.
    private static let recovery = Duration.seconds(30)
    /// All domains that are there from the beginning have a period by then, though others cost the setter its time.
    private static let timeToSetPeriod = Duration.seconds(10)
    /// A refused call is tried again within this time.
    private static let longestRetry = Duration.seconds(400)

    private let seed: UInt64
    private let chaos: Chaos
    private let failures = Mutex<[String]>([])

    init(seed: UInt64) {
        self.seed = seed
        chaos = Chaos(seed: seed)
    }

    var journal: [String] { chaos.journal }

    /// The invariants that were broken.
    func run() -> [String] {
        do {
            let sessions = chaos.draw(1...4)
            try World.run(seed: seed, chaos.guests, period: 7, configure: { $0.sessions = sessions }) { world in
                await self.disturb(world)
                await self.expectHealth(world, sessions)
            }
        } catch {
            fail("\(error)")
        }
        return failures.withLock { $0 }
    }

    private func fail(_ failure: String) {
        failures.withLock { $0.append(failure) }
    }

    private func disturb(_ world: World) async {
        // The first scrape of an exporter finds what was read until then.
        _ = await world.scrape()
        await world.pass(.seconds(1))
        let strikes = world.scheduler.start {
            for _ in 0..<self.chaos.draw(1...12) {
                self.chaos.strike(world)
                await world.pass(self.chaos.time(0...12000))
            }
        }
        // When the last scrape began.
        var former = world.scheduler.now
        for _ in 0..<chaos.draw(3...25) {
            await world.pass(chaos.time(0...9000))
            let wait = chaos.draw(0...5) == 0 ? chaos.time(1...3000) : Self.timeout
            let start = world.scheduler.now
            let snapshot = await world.scrape(within: wait)
            check(snapshot, since: former, start, within: wait, world)
            if chaos.draw(0...5) == 0 {
                async let first = world.scrape()
                async let second = world.scrape(within: chaos.time(1...3000))
                for snapshot in await [first, second] { checkAlways(snapshot, world) }
            }
            former = start
        }
        await strikes.value
    }

    private func check(
        _ snapshot: Snapshot,
        since former: Duration,
        _ start: Duration,
        within wait: Duration,
        _ world: World
    ) {
        let now = world.scheduler.now
        chaos.note("scraped since \(start): \(snapshot.complete.count) of \(snapshot.domains.count) complete", world)
        if now - start > wait { fail("\(now): a scrape took \(now - start) of \(wait)") }
        checkAlways(snapshot, world)
        checkPeriods(world)
        let past = former - Self.recovery
        let isCalm =
            chaos.strength == .mild
            || !chaos.disturbed(since: past) && chaos.disturbedDomains(since: past) <= Chaos.mostStuck
        guard isCalm, wait == Self.timeout else { return }
        if !snapshot.isUp { fail("\(now): the hypervisor is down") }
        for guest in world.hypervisor.guests where !chaos.disturbed(guest.number, since: former) {
            let sample = snapshot.domains.first { $0.id.uuid == guest.uuid }
            if sample == nil, cannotBeKnown(guest.number, world) { continue }
            if sample?.isComplete != true {
                fail(
                    "\(now): \(guest.name) is not complete in the scrape since \(start): \(sample?.summary ?? "absent")"
                )
            }
        }
    }

    /// A domain that started while the hypervisor had a fault, so that its event was lost, is found by a list alone; and a
    /// list waits, abandoned, for as long as the hypervisor works on any domain.
    private func cannotBeKnown(_ number: Int, _ world: World) -> Bool {
        number >= chaos.guests.count && chaos.disturbed(since: .zero) && world.observer.budget.counts.abandoned > 0
    }

    /// A domain that always answered, on a hypervisor that always did, got its period long ago.
    private func checkPeriods(_ world: World) {
        let now = world.scheduler.now
        guard now > Self.timeToSetPeriod, !chaos.disturbed(since: .zero), !chaos.deniedPeriods else { return }
        for guest in world.hypervisor.guests where guest.number < chaos.guests.count && guest.period == nil {
            if !chaos.disturbed(guest.number, since: .zero) { fail("\(now): \(guest.name) has no period") }
        }
    }

    private func checkAlways(_ snapshot: Snapshot, _ world: World) {
        let now = world.scheduler.now
        let abandoned = world.observer.budget.counts.abandoned
        if abandoned > world.observer.budget.bound { fail("\(now): \(abandoned) calls are abandoned") }
        if Set(snapshot.domains.map(\.id.uuid)).count < snapshot.domains.count {
            fail("\(now): a domain is there twice")
        }
        for violation in world.hypervisor.violations.prefix(1) { fail(violation) }
    }

    private func expectHealth(_ world: World, _ sessions: Int) async {
        world.hypervisor.heal()
        // Faults that still end, or a domain that still starts, after everything was healed.
        while chaos.disturbed(since: .seconds(1_000_000))
            || world.hypervisor.guests.contains(where: {
                chaos.disturbed($0.number, since: .seconds(1_000_000))
            })
        {
            await world.pass(.seconds(1))
        }
        world.hypervisor.heal()
        await world.pass(.seconds(60))
        chaos.note("all should be well", world)
        let snapshot = await world.scrape()
        checkAlways(snapshot, world)
        let guests = world.hypervisor.guests
        if !snapshot.isUp { fail("afterwards the hypervisor is down") }
        if Set(snapshot.domains.map(\.id)) != Set(guests.map(\.id)) {
            fail("afterwards the domains are \(snapshot.domains.map(\.id.name)), not \(guests.map(\.name))")
        }
        for sample in snapshot.domains where !sample.isComplete {
            fail("afterwards \(sample.id.name) is not complete: \(sample.summary)")
        }
        let abandoned = world.observer.budget.counts.abandoned
        if abandoned > 0 { fail("afterwards \(abandoned) calls are abandoned") }
        if world.hypervisor.openSessions > sessions + 2 {
            fail("afterwards \(world.hypervisor.openSessions) sessions are open")
        }
        await world.pass(Self.longestRetry)
        for sample in await world.scrape().domains where sample.status != .ok {
            fail("long afterwards \(sample.id.name) is \(sample.summary)")
        }
        for guest in world.hypervisor.guests where guest.period == nil { fail("\(guest.name) has no period") }
    }
}
