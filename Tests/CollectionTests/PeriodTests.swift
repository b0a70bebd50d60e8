import Hypervisor
import Testing

@testable import Collection

/// A domain without a statistics period gets one; a domain with one keeps it.
@Suite struct PeriodTests {
    private func guests(without: Int) -> [ScriptedHypervisor.Guest] {
        (0..<without).map { .init($0, period: nil) } + (without..<12).map { .init($0, period: 30) }
    }

    @Test func eachDomainWithoutAPeriodGetsOneAndTheOthersKeepTheirs() throws {
        try World.run(guests(without: 6), period: 7) { world in
            await world.pass(.seconds(3))
            #expect(
                world.hypervisor.guests.map(\.period) == Array(repeating: 7, count: 6) + Array(repeating: 30, count: 6)
            )
            #expect(world.hypervisor.count("setStatisticsPeriod") == 6)
        }
    }

    @Test func aDomainThatStartsGetsAPeriodWithinSeconds() throws {
        try World.run(guests(without: 0), period: 7) { world in
            await world.pass(.seconds(3))
            await world.hypervisor.start(.init(12, period: nil))
            await world.pass(.seconds(3))
            #expect(world.hypervisor.guest(12)?.period == 7)
        }
    }

    @Test func aDeniedDomainKeepsNobodyElseWithoutAPeriod() throws {
        try World.run(guests(without: 12), period: 7) { world in
            for number in [0, 5, 11] { world.hypervisor.set(number) { $0.isDenied = true } }
            await world.pass(.seconds(3))
            #expect(world.hypervisor.guests.count { $0.period == 7 } == 9)
            await world.pass(.seconds(600))
            #expect(world.log.lines(.warning).count < 10)
            for number in [0, 5, 11] { world.hypervisor.set(number) { $0.isDenied = false } }
            await world.pass(.seconds(320))
            #expect(world.hypervisor.guests.count { $0.period == 7 } == 12)
        }
    }

    @Test func aDomainWhosePeriodIsRefusedIsTriedLessAndLessOften() throws {
        try World.run(guests(without: 12), period: 7) { world in
            world.hypervisor.deniesPeriods = true
            await world.pass(.seconds(3600))
            #expect(world.hypervisor.count("setStatisticsPeriod", of: 3) < 20)
            world.hypervisor.deniesPeriods = false
            await world.pass(.seconds(320))
            #expect(world.hypervisor.guests.allSatisfy { $0.period == 7 })
        }
    }

    @Test func aPeriodThatSomebodySetMeanwhileIsNotOverwritten() throws {
        try World.run(guests(without: 12), period: 7) { world in
            world.hypervisor.deniesPeriods = true
            await world.pass(.seconds(5))
            for number in 0..<12 { world.hypervisor.setPeriod(of: number, to: 60) }
            world.hypervisor.deniesPeriods = false
            await world.pass(.seconds(600))
            #expect(world.hypervisor.guests.allSatisfy { $0.period == 60 })
            #expect(world.hypervisor.violations == [])
        }
    }

    @Test func aFrozenDomainKeepsNobodyElseWithoutAPeriod() throws {
        try World.run(guests(without: 12), period: 7) { world in
            world.hypervisor.set(11) { $0.isFrozen = true }
            await world.pass(.seconds(15))
            #expect(world.hypervisor.guests.count { $0.period == 7 } == 11)
            world.hypervisor.set(11) { $0.isFrozen = false }
            await world.pass(.seconds(40))
            #expect(world.hypervisor.guest(11)?.period == 7)
            #expect(world.observer.budget.counts.abandoned == 0)
        }
    }
}
