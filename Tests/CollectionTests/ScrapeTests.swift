import Hypervisor
import Synchronization
import Testing

@testable import Collection

/// What a scrape costs, what scrapes share, and how long one waits.
@Suite struct ScrapeTests {
    private let all = names(0..<12)

    @Test func scrapesThatComeTogetherShareOneCollection() throws {
        try World.run { world in
            _ = await world.scrape()
            let before = world.hypervisor.count("records", of: 0)
            let identities = await withTaskGroup { group in
                for _ in 0..<20 { group.addTask { await ObjectIdentifier(world.scrape().identity) } }
                return await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(identities.count == 1)
            #expect(world.hypervisor.count("records", of: 0) == before + 1)
        }
    }

    @Test func aYoungSnapshotIsUsedAgain() throws {
        try World.run(configure: { $0.maximumAge = .seconds(5) }) { world in
            let first = await world.scrape()
            await world.pass(.seconds(4))
            #expect(await world.scrape().identity === first.identity)
            await world.pass(.seconds(2))
            #expect(await world.scrape().identity !== first.identity)
        }
    }

    @Test func aSnapshotOfLessIsNotUsedForMore() throws {
        try World.run(configure: { $0.maximumAge = .seconds(5) }) { world in
            let first = await world.scrape(.info)
            let second = await world.scrape(.all)
            #expect(second.identity !== first.identity)
            #expect(second.complete == all)
            #expect(await world.scrape(.info).identity === second.identity)
        }
    }

    @Test func whatTheHypervisorKnowsItselfEntersNoMonitor() throws {
        try World.run { world in
            for number in 0..<12 { world.hypervisor.set(number) { $0.isFrozen = true } }
            let snapshot = await world.scrape(.info)
            #expect(world.scheduler.now < .seconds(1))
            #expect(snapshot.domains.count { $0.info != nil } == 12)
            #expect(world.hypervisor.guests.allSatisfy { $0.enteredAt == nil })
        }
    }

    @Test func aDomainThatAnothersJobHoldsIsBusy() throws {
        try World.run { world in
            _ = await world.scrape()
            world.scheduler.start { await world.hypervisor.occupy(3, for: .seconds(20)) }
            await world.pass(.milliseconds(1))
            let start = world.scheduler.now
            let snapshot = await world.scrape()
            #expect(world.scheduler.now - start < .seconds(1))
            #expect(snapshot.sample(3)?.status == .busy)
            #expect(snapshot.passedOver == 1)
            #expect(snapshot.complete == all.subtracting(["guest-3"]))
            await world.pass(.seconds(20))
            #expect(await world.scrape().sample(3)?.status == .ok)
        }
    }

    @Test func aClientWithATinyTimeoutIsAnsweredInItAndDropsNoSession() throws {
        try World.run { world in
            _ = await world.scrape()
            let opened = world.hypervisor.opened
            world.hypervisor.delay = .milliseconds(800)
            for _ in 0..<20 {
                let start = world.scheduler.now
                _ = await world.scrape(within: .milliseconds(50))
                #expect(world.scheduler.now - start <= .milliseconds(50))
            }
            #expect(await world.scrape().complete == all)
            #expect(world.hypervisor.opened == opened)
            #expect(world.observer.budget.counts.abandoned == 0)
        }
    }

    @Test func theFirstScrapeWaitsForTheFirstConnection() throws {
        try World.run { world in
            world.hypervisor.delay = .milliseconds(900)
            #expect(await world.scrape().complete == all)
        }
    }

    @Test func aScrapeAfterTheFirstConnectionWaitsForNoOther() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.opensHang = true
            world.hypervisor.loseConnections()
            await world.pass(.seconds(2))
            let start = world.scheduler.now
            #expect(await world.scrape().isUp == false)
            #expect(world.scheduler.now - start < .milliseconds(10))
        }
    }

    @Test func theFirstScrapeDoesNotWaitForAHypervisorThatRefuses() throws {
        try World.run { world in
            world.hypervisor.opensFail = true
            #expect(await world.scrape().isUp == false)
            #expect(world.scheduler.now < .seconds(1))
        }
    }

    @Test func aStoppedDomainIsGoneAndAStartedOneThere() throws {
        try World.run { world in
            _ = await world.scrape()
            await world.hypervisor.destroy(0)
            await world.hypervisor.start(.init(12))
            world.hypervisor.rename(1, to: "renamed")
            await world.pass(.milliseconds(500))
            #expect(await world.scrape().complete == names(2...12).union(["renamed"]))
        }
    }

    @Test func lostEventsAreMadeUpForByTheList() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.losesEvents = true
            await world.hypervisor.destroy(0)
            await world.hypervisor.start(.init(12))
            await world.pass(.seconds(61))
            #expect(await world.scrape().complete == names(1...12))
        }
    }

    @Test func theSameSeedGivesTheSameRun() throws {
        func duration() throws -> Duration {
            let end = Result()
            try World.run(seed: 7) { world in
                let poller = world.poll(every: .milliseconds(100))
                for _ in 0..<20 { _ = await world.scrape() }
                poller.cancel()
                end.now.withLock { $0 = world.scheduler.now }
            }
            return end.now.withLock { $0 }
        }
        let first = try duration()
        #expect(first > .zero)
        #expect(try duration() == first)
    }

    private final class Result: Sendable {
        let now = Mutex(Duration.zero)
    }
}
