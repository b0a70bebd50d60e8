import Hypervisor
import Synchronization

@testable import Collection

/// Faults at random: what happens to a hypervisor and its guests, all of it decided by one seed.
final class Chaos: Sendable {
    /// How much happens at the same time.
    enum Strength: Sendable {
        /// At most `mostStuck` domains are stuck at a time: everybody else is complete in each scrape.
        case mild
        /// Anything: what is promised then is that nothing piles up, and that all is well again afterwards.
        case wild
    }

    private struct State {
        var generator: SeededGenerator
        var next = 0
        /// How many faults each domain has now, and when the last of them ended.
        var faults: [Int: Int] = [:]
        var lastFault: [Int: Duration] = [:]
        var globalFaults = 0
        var lastGlobalFault: Duration?
        var deniedPeriods = false
        var journal: [String] = []
    }

    static let mostStuck = 4

    let strength: Strength
    let guests: [ScriptedHypervisor.Guest]
    private let state: Mutex<State>

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        strength = Bool.random(using: &generator) ? .mild : .wild
        let count = Int.random(in: 1...[4, 12, 20, 40].randomElement(using: &generator)!, using: &generator)
        guests = (0..<count).map { .init($0, period: [nil, 5, 10].randomElement(using: &generator)!) }
        state = Mutex(State(generator: generator, next: count))
    }

    /// What happened, a line each.
    var journal: [String] { state.withLock { $0.journal } }

    func draw(_ range: ClosedRange<Int>) -> Int { state.withLock { .random(in: range, using: &$0.generator) } }

    /// A time of these milliseconds.
    func time(_ range: ClosedRange<Int>) -> Duration { .milliseconds(draw(range)) }

    func note(_ line: String, _ world: World) {
        let now = world.scheduler.now
        state.withLock { $0.journal.append("\(now): \(line)") }
    }

    /// Whether a domain had a fault of its own at or after this moment.
    func disturbed(_ number: Int, since moment: Duration) -> Bool {
        state.withLock { state in
            state.faults[number, default: 0] > 0 || state.lastFault[number].map { $0 >= moment } ?? false
        }
    }

    /// Whether the whole hypervisor had a fault at or after this moment.
    func disturbed(since moment: Duration) -> Bool {
        state.withLock { state in
            state.globalFaults > 0 || state.lastGlobalFault.map { $0 >= moment } ?? false
        }
    }

    /// How many domains had a fault of their own at or after this moment.
    func disturbedDomains(since moment: Duration) -> Int {
        state.withLock { state in
            Set(state.faults.keys).union(state.lastFault.keys)
        }.count { disturbed($0, since: moment) }
    }

    /// Whether periods could not be set at any time.
    var deniedPeriods: Bool { state.withLock { $0.deniedPeriods } }

    /// Lets a fault happen now; it ends by itself.
    func strike(_ world: World) {
        let kinds = strength == .mild ? 0...14 : 0...20
        let kind = draw(kinds)
        let numbers = world.hypervisor.guests.map(\.number)
        guard !numbers.isEmpty else { return start(world, numbers) }
        let number = numbers[draw(0...(numbers.count - 1))]
        let stuck = state.withLock { state in state.faults.values.count { $0 > 0 } }
        if strength == .mild, stuck >= Self.mostStuck, kind <= 7 { return }
        switch kind {
        case 0, 1:
            fault(number, "freezes", world, { $0.isFrozen = true }, { $0.isFrozen = false })
        case 2:
            fault(number, "is locked", world, { $0.isLocked = true }, { $0.isLocked = false })
        case 3:
            fault(number, "is denied", world, { $0.isDenied = true }, { $0.isDenied = false })
        case 4:
            let time = time(0...20000)
            let isFrozen = draw(0...1) == 1
            domain(number, "is destroyed, frozen \(isFrozen), within \(time)", world) {
                if isFrozen { world.hypervisor.set(number) { $0.isFrozen = true } }
                await world.pass(self.time(0...10000))
                await world.hypervisor.destroy(number, within: time)
            }
        case 5:
            start(world, numbers)
        case 6:
            let time = time(500...30000)
            domain(number, "is occupied for \(time)", world) { await world.hypervisor.occupy(number, for: time) }
        case 7:
            let time = time(100...2000)
            domain(number, "is started again within \(time)", world) {
                guard let guest = world.hypervisor.guest(number) else { return }
                await world.hypervisor.destroy(number)
                await world.pass(time)
                guard world.hypervisor.guest(number) == nil else { return }
                await world.hypervisor.start(.init(number, period: guest.period))
                await world.pass(.milliseconds(100))
            }
        case 8:
            fault(number, "is silent", world, { $0.isSilent = true }, { $0.isSilent = false }, costsFigures: false)
        case 9:
            fault(
                number,
                "is unreadable",
                world,
                { $0.isUnreadable = true },
                { $0.isUnreadable = false },
                costsFigures: false
            )
        case 10:
            note("\(number) is renamed", world)
            world.hypervisor.rename(number, to: "renamed-\(number)-\(draw(0...9))")
        case 11:
            note("\(number) gets a period from somebody", world)
            world.hypervisor.setPeriod(of: number, to: UInt32(draw(3...20)))
        case 12:
            note("\(number) changes", world)
            world.hypervisor.sendChange(of: number)
        case 13:
            let (interval, time) = (time(200...2000), time(1000...20000))
            note("a poller for \(time)", world)
            world.scheduler.start {
                let poller = world.poll(every: interval)
                await world.pass(time)
                poller.cancel()
            }
        case 14:
            let time = time(1000...30000)
            note("periods are denied for \(time)", world)
            state.withLock { $0.deniedPeriods = true }
            world.scheduler.start {
                world.hypervisor.deniesPeriods = true
                await world.pass(time)
                world.hypervisor.deniesPeriods = false
            }
        case 15:
            global("hangs", world, { $0.isHanging = true }, { $0.isHanging = false })
        case 16:
            global("lets nobody connect", world, { $0.opensHang = true }, { $0.opensHang = false })
        case 17:
            global(
                "refuses",
                world,
                {
                    $0.opensFail = true
                    $0.loseConnections()
                },
                { $0.opensFail = false }
            )
        case 18:
            global("loses its connections", world, { $0.loseConnections() }, { _ in }, within: 0...10)
        case 19:
            let delay = time(1...1500)
            global("is slow by \(delay)", world, { $0.delay = delay }, { $0.delay = .zero })
        default:
            global(
                "loses events",
                world,
                { $0.losesEvents = true },
                { $0.losesEvents = false },
                unnoticedFor: .seconds(65)
            )
        }
    }

    private func start(_ world: World, _ numbers: [Int]) {
        let number = state.withLock { state in
            defer { state.next += 1 }
            return state.next
        }
        let hook = draw(0...1) == 1 ? time(1...40000) : .zero
        let period: UInt32? = draw(0...1) == 1 ? nil : 10
        domain(number, "starts after \(hook)", world) {
            await world.hypervisor.start(.init(number, period: period), afterHook: hook)
            await world.pass(.milliseconds(100))
        }
    }

    private func domain(_ number: Int, _ what: String, _ world: World, _ happens: @escaping @Sendable () async -> Void)
    {
        note("\(number) \(what)", world)
        state.withLock { $0.faults[number, default: 0] += 1 }
        world.scheduler.start {
            await happens()
            self.note("\(number) no longer \(what)", world)
            self.state.withLock { state in
                state.faults[number, default: 1] -= 1
                state.lastFault[number] = world.scheduler.now
            }
        }
    }

    private func fault(
        _ number: Int,
        _ what: String,
        _ world: World,
        _ begin: @escaping @Sendable (inout ScriptedHypervisor.Guest) -> Void,
        _ end: @escaping @Sendable (inout ScriptedHypervisor.Guest) -> Void,
        costsFigures: Bool = true
    ) {
        let time = time(100...60000)
        let happens = { @Sendable in
            world.hypervisor.set(number, begin)
            await world.pass(time)
            world.hypervisor.set(number, end)
        }
        if costsFigures { return domain(number, "\(what) for \(time)", world, happens) }
        note("\(number) \(what) for \(time)", world)
        world.scheduler.start { await happens() }
    }

    /// - Parameter aftermath: how long it may take until the consequences are noticed, after the fault itself.
    private func global(
        _ what: String,
        _ world: World,
        _ begin: @escaping @Sendable (ScriptedHypervisor) -> Void,
        _ end: @escaping @Sendable (ScriptedHypervisor) -> Void,
        within range: ClosedRange<Int> = 100...40000,
        unnoticedFor aftermath: Duration = .zero
    ) {
        let time = time(range)
        note("the hypervisor \(what) for \(time)", world)
        state.withLock { $0.globalFaults += 1 }
        world.scheduler.start {
            begin(world.hypervisor)
            await world.pass(time)
            end(world.hypervisor)
            self.note("the hypervisor no longer \(what)", world)
            await world.pass(aftermath)
            self.state.withLock { state in
                state.globalFaults -= 1
                state.lastGlobalFault = world.scheduler.now
            }
        }
    }
}

extension ScriptedHypervisor.Guest {
    /// Which guest it is.
    var number: Int { Int(uuid.bytes[14]) * 256 + Int(uuid.bytes[15]) }
}
