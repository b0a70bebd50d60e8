import Hypervisor
import Testing

@testable import Collection

@Suite struct FaultTests {
    @Test func aHealthyHostIsCompleteFromTheFirstScrapeOn() throws {
        try World.run { world in
            let snapshot = await world.scrape()
            #expect(snapshot.isUp)
            #expect(snapshot.complete == names(0..<12))
            #expect(world.scheduler.now < .seconds(1))
        }
    }

    @Test func aFrozenGuestCostsOnlyItselfInTheVeryScrape() throws {
        try World.run { world in
            _ = await world.scrape()
            world.hypervisor.set(5) { $0.isFrozen = true }
            for _ in 0..<10 {
                let snapshot = await world.scrape()
                #expect(snapshot.complete == names(0..<12).subtracting(["guest-5"]))
                #expect(snapshot.sample(5)?.status == .unresponsive)
                #expect(world.observer.budget.counts.abandoned <= 1)
                await world.pass(.seconds(10))
            }
            world.hypervisor.set(5) { $0.isFrozen = false }
            await world.pass(.seconds(1))
            #expect(await world.scrape().complete == names(0..<12))
            #expect(world.hypervisor.violations == [])
        }
    }
}
