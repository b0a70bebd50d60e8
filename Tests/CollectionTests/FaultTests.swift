import Hypervisor
import Testing

@testable import Collection

/// A fault costs nobody but the domain that has it, and nothing once it is over.
@Suite struct FaultTests {
    private let all = names(0..<12)

    @Test func aHealthyHostIsCompleteFromTheFirstScrapeOn() throws {
        try World.run { world in
            let snapshot = await world.scrape()
            #expect(snapshot.isUp)
            #expect(snapshot.complete == all)
            #expect(world.scheduler.now < .seconds(1))
        }
    }

    @Test func aFrozenGuestCostsOnlyItselfInTheVeryScrape() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.set(5) { $0.isFrozen = true }
            let asked = world.hypervisor.count("records", of: 5)
            for _ in 0..<10 {
                let snapshot = await world.scrape()
                #expect(world.hypervisor.count("records", of: 5) == asked + 1)
                #expect(snapshot.complete == all.subtracting(["guest-5"]))
                #expect(snapshot.sample(5)?.status == .unresponsive)
                #expect(world.observer.budget.counts.abandoned <= 1)
                await world.pass(.seconds(10))
            }
            world.hypervisor.set(5) { $0.isFrozen = false }
            await world.pass(.seconds(1))
            #expect(await world.scrape().complete == all)
            #expect(world.hypervisor.violations == [])
        }
    }

    @Test func theSessionOfAnAbandonedCallIsReplacedAtOnce() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.set(5) { $0.isFrozen = true }
            let start = world.scheduler.now
            #expect(await world.scrape().complete == all.subtracting(["guest-5"]))
            #expect(world.scheduler.now - start < .milliseconds(1600))
        }
    }

    @Test func twoFrozenGuestsOfOneSessionDoNotTakeTheHypervisorDown() throws {
        try World.run((0..<4).map { .init($0) }) { world in
            _ = await world.scrape()
            for number in [1, 3] { world.hypervisor.set(number) { $0.isFrozen = true } }
            for _ in 0..<3 {
                let snapshot = await world.scrape()
                #expect(snapshot.isUp)
                #expect(snapshot.complete == names([0, 2]))
            }
        }
    }

    @Test(arguments: [true, false])
    func aGuestThatAnswersAgainIsCompleteThoughTheCallThatHeldItWaitsForAnother(isFrozen: Bool) throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.set(1) { $0.isFrozen = true }
            #expect(await world.scrape().complete == all.subtracting(["guest-1"]))
            world.hypervisor.set(3) { guest in
                if isFrozen { guest.isFrozen = true } else { guest.isLocked = true }
            }
            _ = await world.scrape()
            world.hypervisor.set(1) { $0.isFrozen = false }
            await world.pass(.seconds(1))
            for _ in 0..<10 {
                #expect(await world.scrape().complete == all.subtracting(["guest-3"]))
                #expect(world.observer.budget.counts.abandoned <= 4)
                await world.pass(.seconds(5))
            }
        }
    }

    @Test func aShareThatWaitedForItsSessionLeavesOutWhatIsHeldByThen() throws {
        var guests: [ScriptedHypervisor.Guest] = (0..<20).map { .init($0) }
        guests[19].period = nil
        for number in [3, 19] { guests[number].isFrozen = true }
        try World.run(guests, period: 7, configure: { $0.sessions = 1 }) { world in
            await world.pass(.seconds(1))
            let snapshot = await world.scrape()
            #expect(snapshot.complete == names((0..<19).filter { $0 != 3 }))
            #expect(snapshot.sample(19)?.status == .unresponsive)
            #expect(world.hypervisor.count("records", of: 19) == 0)
            #expect(world.hypervisor.violations == [])
        }
    }

    @Test func aFrozenGuestThatAnotherClientWaitsForIsUnresponsive() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.set(3) { $0.isFrozen = true }
            let other = world.scheduler.start { await world.hypervisor.occupy(3, for: .milliseconds(1)) }
            await world.pass(.seconds(1))
            let snapshot = await world.scrape()
            #expect(snapshot.sample(3)?.status == .unresponsive)
            #expect(snapshot.complete == all.subtracting(["guest-3"]))
            #expect(world.observer.budget.counts.abandoned == 0)
            world.hypervisor.set(3) { $0.isFrozen = false }
            await other.value
            #expect(await world.scrape().complete == all)
        }
    }

    @Test func allGuestsFrozenAreUnresponsiveOnAHypervisorThatIsUp() throws {
        try World.run((0..<4).map { .init($0) }) { world in
            _ = await world.scrape()
            for number in 0..<4 { world.hypervisor.set(number) { $0.isFrozen = true } }
            for _ in 0..<5 {
                let snapshot = await world.scrape()
                #expect(snapshot.isUp)
                #expect(snapshot.domains.map(\.status) == Array(repeating: .unresponsive, count: 4))
                await world.pass(.seconds(10))
            }
        }
    }

    @Test func eightOfTwelveFrozenAtOnceCostTheOthersAtMostThreeScrapes() throws {
        try World.run { world in
            _ = await world.scrape()
            for number in 0..<8 { world.hypervisor.set(number) { $0.isFrozen = true } }
            for scrape in 1...20 {
                let snapshot = await world.scrape()
                if scrape >= 3 {
                    #expect(snapshot.complete == names(8..<12), "scrape \(scrape)")
                    for number in 0..<8 { #expect(snapshot.sample(number)?.status == .unresponsive) }
                }
                #expect(world.observer.budget.counts.abandoned <= 10)
                await world.pass(.seconds(10))
            }
            #expect(world.hypervisor.violations == [])
            for number in 0..<8 { world.hypervisor.set(number) { $0.isFrozen = false } }
            await world.pass(.seconds(5))
            #expect(await world.scrape().complete == all)
            #expect(world.observer.budget.counts.abandoned == 0)
        }
    }

    @Test func theDestroyOfAFrozenDomainLosesNobodyElseASeries() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.set(3) { $0.isFrozen = true }
            #expect(await world.scrape().complete == all.subtracting(["guest-3"]))
            let destroy = world.scheduler.start { await world.hypervisor.destroy(3, within: .seconds(10)) }
            for _ in 0..<15 {
                let snapshot = await world.scrape()
                #expect(snapshot.isUp)
                #expect(snapshot.complete == all.subtracting(["guest-3"]))
                await world.pass(.seconds(1))
            }
            await destroy.value
            let snapshot = await world.scrape()
            #expect(snapshot.sample(3) == nil)
            #expect(world.observer.budget.counts.abandoned == 0)
            #expect(world.hypervisor.violations == [])
        }
    }

    @Test(arguments: [true, false])
    func aHookOfAMinuteCostsOnlyItsDomain(isNew: Bool) throws {
        try World.run { world in
            _ = await world.scrape()
            let hook = world.scheduler.start {
                if isNew {
                    await world.hypervisor.start(.init(12), afterHook: .seconds(60))
                } else {
                    world.hypervisor.set(4) { $0.isLocked = true }
                    await world.pass(.seconds(60))
                    world.hypervisor.set(4) { $0.isLocked = false }
                }
            }
            for _ in 0..<58 {
                let snapshot = await world.scrape()
                #expect(snapshot.complete.isSuperset(of: all.subtracting(["guest-4"])))
                #expect(world.observer.budget.counts.abandoned <= 4)
                await world.pass(.seconds(1))
            }
            await hook.value
            await world.pass(.seconds(5))
            #expect(await world.scrape().complete == (isNew ? names(0...12) : all))
            #expect(world.observer.budget.counts.abandoned == 0)
            #expect(world.hypervisor.violations == [])
        }
    }

    @Test func threeCompetingPollersCostNoFigure() throws {
        try World.run { world in
            let pollers = (1...3).map { world.poll(every: .milliseconds(300 * $0)) }
            defer { for poller in pollers { poller.cancel() } }
            for scrape in 0..<200 {
                #expect(await world.scrape().complete == all, "scrape \(scrape)")
                await world.pass(.seconds(1) * (0.5 + world.scheduler.random))
            }
        }
    }

    @Test func twoExportersAtOnceAreBothComplete() throws {
        try World.run { world in
            let other = world.another()
            let tasks = other.begin()
            defer { for task in tasks { task.cancel() } }
            for _ in 0..<50 {
                async let first = world.scrape()
                async let second = other.scrape()
                let complete = await (first.complete, second.complete)
                #expect(complete == (all, all))
                await world.pass(.seconds(5))
            }
        }
    }

    @Test func aHypervisorThatHangsIsDownAtOnceAndUpWithinSecondsOfItsReturn() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.isHanging = true
            #expect(await world.scrape().isUp == false)
            for scrape in 0..<12 {
                await world.pass(.seconds(10))
                let start = world.scheduler.now
                #expect(await world.scrape().isUp == false)
                #expect(world.scheduler.now - start < .seconds(2), "scrape \(scrape)")
                #expect(world.observer.budget.counts.abandoned <= 10)
            }
            world.hypervisor.isHanging = false
            await world.pass(.seconds(20))
            #expect(await world.scrape().complete == all)
            #expect(world.observer.budget.counts.abandoned == 0)
            #expect(world.hypervisor.openSessions <= 3)
            #expect(world.log.lines(.warning).count { $0.message.hasPrefix("the hypervisor does not answer") } == 1)
            #expect(world.log.lines(.info).count { $0.message == "the hypervisor answers again" } == 1)
        }
    }

    @Test func lostConnectionsAreOpenedAgain() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.opensFail = true
            world.hypervisor.loseConnections()
            #expect(await world.scrape().isUp == false)
            await world.pass(.seconds(60))
            world.hypervisor.opensFail = false
            await world.pass(.seconds(8))
            #expect(await world.scrape().complete == all)
            #expect(world.observer.budget.counts.reconnects >= 1)
            #expect(world.log.lines(.warning).count { $0.message.hasPrefix("cannot connect") } == 1)
        }
    }

    @Test func anOpenThatNeverAnswersIsRepeated() throws {
        try World.run { world in
            world.hypervisor.opensHang = true
            await world.pass(.seconds(120))
            #expect(await world.scrape().isUp == false)
            #expect(world.hypervisor.count("open") > 3 || world.observer.budget.counts.abandoned == 3)
            #expect(world.observer.budget.counts.abandoned <= 3)
            world.hypervisor.opensHang = false
            await world.pass(.seconds(20))
            #expect(await world.scrape().complete == all)
            #expect(world.observer.budget.counts.abandoned == 0)
        }
    }

    @Test func anUnreadableConfigurationIsLoggedOnceAndReadLessAndLessOften() throws {
        try World.run { world in
            world.hypervisor.set(2) { $0.isUnreadable = true }
            for _ in 0..<60 {
                #expect(await world.scrape().complete == all)
                await world.pass(.seconds(10))
            }
            #expect(world.log.lines(.warning).count { $0.message.hasPrefix("cannot read") } == 1)
            #expect((4...16).contains(world.hypervisor.count("configuration", of: 2)))
            world.hypervisor.set(2) { $0.isUnreadable = false }
            await world.pass(.seconds(310))
            #expect(world.observer.inventory.domains[ScriptedHypervisor.uuid(2)]?.configuration != nil)
        }
    }

    @Test func noGuestIsStaleBeforeItsConfigurationIsKnown() throws {
        try World.run((0..<12).map { .init($0, period: 300) }) { world in
            for number in 0..<12 { world.hypervisor.set(number) { $0.isUnreadable = true } }
            for _ in 0..<28 {
                #expect(await world.scrape().domains.allSatisfy { $0.status != .stale })
                await world.pass(.seconds(10))
            }
        }
    }

    @Test func aSilentGuestIsStaleAndWellAgainWithItsFirstAnswer() throws {
        try World.run { world in
            await world.pass(.seconds(30))
            world.hypervisor.set(1) { $0.isSilent = true }
            for _ in 0..<6 {
                _ = await world.scrape()
                await world.pass(.seconds(10))
            }
            let snapshot = await world.scrape()
            #expect(snapshot.sample(1)?.status == .stale)
            #expect(snapshot.domains.count { $0.status == .ok } == 11)
            world.hypervisor.set(1) { $0.isSilent = false }
            await world.pass(.seconds(11))
            #expect(await world.scrape().sample(1)?.status == .ok)
        }
    }
}
