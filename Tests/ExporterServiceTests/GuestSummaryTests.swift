import Foundation
import Hypervisor
import Testing

@testable import ExporterService

/// A domain for the tests of what people see.
func guestSample(
    _ name: String,
    total: UInt64? = 1_048_576,
    usable: UInt64? = 524_288,
    status: StatisticsStatus? = .ok,
    lastUpdate: UInt64? = 1_700_000_000,
    instance: String? = nil
) -> DomainSample {
    var statistics = BalloonStatistics()
    statistics.available = total.map { $0 * 1024 }
    statistics.usable = usable.map { $0 * 1024 }
    statistics.lastUpdate = lastUpdate
    var configuration = DomainConfiguration(balloon: .init(model: "virtio"), statsPeriod: 10)
    configuration.openStack = instance.map {
        var instance = OpenStackInstance()
        instance.name = $0
        return instance
    }
    var uuid = [UInt8](repeating: 0, count: 16)
    for (index, byte) in name.utf8.enumerated() { uuid[index % 16] &+= byte }
    var known = KnownDomain(name: name)
    known.configuration = configuration
    var sample = DomainSample(id: DomainID(uuid: DomainUUID(bytes: uuid)!, name: name), known: known)
    (sample.state, sample.statistics, sample.status) = (.running, statistics, status)
    return sample
}

func guestSnapshot(_ domains: [DomainSample], isUp: Bool = true) -> Snapshot {
    var snapshot = Snapshot()
    (snapshot.isUp, snapshot.time, snapshot.domains) = (isUp, 1_700_000_004, domains)
    return snapshot
}

@Suite struct GuestSummaryTests {
    @Test func theLeastUsableShareComesFirstAndTheUnknownLast() {
        let guests = GuestSummary.all(
            in: guestSnapshot([
                guestSample("unknown b", usable: nil), guestSample("half"), guestSample("full", usable: 1),
                guestSample("unknown a", total: nil), guestSample("empty", usable: 1_000_000),
            ])
        )
        #expect(guests.map(\.id.name) == ["full", "half", "empty", "unknown a", "unknown b"])
    }

    @Test func usedIsTheTotalLessTheUsable() {
        let guest = GuestSummary.all(in: guestSnapshot([guestSample("guest", total: 1000, usable: 250)]))[0]
        #expect(guest.used == UInt64(750 * 1024))
        #expect(guest.usableShare == 0.25)
        #expect(guest.age == .seconds(4))
    }

    @Test func aUsableAboveTheTotalIsNoShareOfIt() {
        let guest = GuestSummary.all(in: guestSnapshot([guestSample("windows", total: 1000, usable: 9000)]))[0]
        #expect(guest.used == nil)
        #expect(guest.usableShare == nil)
    }

    @Test func aDriverThatNeverAnsweredHasNoAge() {
        #expect(GuestSummary.all(in: guestSnapshot([guestSample("guest", lastUpdate: 0)]))[0].age == nil)
    }

    @Test func aDomainIsCalledByItsNameItsUUIDAndItsInstance() {
        let guest = GuestSummary.all(in: guestSnapshot([guestSample("instance-1", instance: "web")]))[0]
        #expect(guest.isCalled("instance-1"))
        #expect(guest.isCalled("web"))
        #expect(guest.isCalled(guest.id.uuid.description))
        #expect(!guest.isCalled("instance"))
    }

    @Test func jsonHasWhatIsKnownAndNothingElse() throws {
        let guest = GuestSummary.all(in: guestSnapshot([guestSample("guest", usable: nil, status: .noValues)]))[0]
        let object = try #require(
            try JSONSerialization.jsonObject(with: JSONEncoder().encode(guest)) as? [String: Any]
        )
        #expect(object["name"] as? String == "guest")
        #expect(object["status"] as? String == "no_values")
        #expect(object["advice"] is String)
        #expect(object["total_bytes"] as? Int == 1 << 30)
        #expect(object["usable_bytes"] == nil)
        #expect(object["usable_ratio"] == nil)
    }
}

@Suite struct ReadableFiguresTests {
    @Test(
        arguments: [
            (nil, "–"), (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1536, "1.50 KiB"), (10_235, "10.0 KiB"),
            (102_400, "100 KiB"), (1_047_552, "1.00 MiB"), (134_217_728, "128 MiB"), (97_075_200, "92.6 MiB"),
            (1_610_612_736, "1.50 GiB"), (UInt64.max, "16.0 EiB"),
        ] as [(UInt64?, String)]
    )
    func bytesHaveThreeDigits(count: UInt64?, text: String) {
        #expect(ReadableFigures.bytes(count) == text)
    }

    @Test(arguments: [(0.0, "0 %"), (0.049, "4 %"), (0.999, "99 %"), (1, "100 %")])
    func aShareIsNotRoundedUp(share: Double, text: String) {
        #expect(ReadableFigures.percent(share) == text)
    }

    @Test(arguments: [(4, "4 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")])
    func anAgeHasItsLargestUnit(seconds: Int, text: String) {
        #expect(ReadableFigures.age(.seconds(seconds)) == text)
    }
}
