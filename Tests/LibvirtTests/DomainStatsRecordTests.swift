import CLibvirt
import Hypervisor
import Testing

@testable import Libvirt

/// Builds libvirt's own arrays of typed parameters, as its daemon's answers are, and frees them.
private final class TypedParameters {
    private(set) var pointer: UnsafeMutablePointer<virTypedParameter>?
    private(set) var count: Int32 = 0
    private var room: Int32 = 0

    func add(_ name: String, _ value: UInt64) {
        virTypedParamsAddULLong(&pointer, &count, &room, name, value)
    }

    func add(_ name: String, int value: Int32) {
        virTypedParamsAddInt(&pointer, &count, &room, name, value)
    }

    deinit {
        virTypedParamsFree(pointer, count)
    }
}

@Suite struct DomainStatsRecordTests {
    /// Has a record of these parameters read, on a real domain of libvirt's test driver.
    private func record(_ fill: (TypedParameters) -> Void) throws -> DomainStatsRecord {
        let connection = try #require(virConnectOpenReadOnly("test:///default"))
        defer { virConnectClose(connection) }
        let domain = try #require(virDomainLookupByName(connection, "test"))
        defer { virDomainFree(domain) }
        let parameters = TypedParameters()
        fill(parameters)
        var record = virDomainStatsRecord(dom: domain, params: parameters.pointer, nparams: parameters.count)
        return DomainStatsRecord(&record)
    }

    @Test func everyParameterOfTheBalloonGroupIsRead() throws {
        let record = try record { parameters in
            parameters.add("state.state", int: 1)
            parameters.add("state.reason", int: 5)
            parameters.add("balloon.current", 1)
            parameters.add("balloon.maximum", 2)
            parameters.add("balloon.swap_in", 3)
            parameters.add("balloon.swap_out", 4)
            parameters.add("balloon.major_fault", 5)
            parameters.add("balloon.minor_fault", 6)
            parameters.add("balloon.unused", 7)
            parameters.add("balloon.available", 8)
            parameters.add("balloon.rss", 9)
            parameters.add("balloon.usable", 10)
            parameters.add("balloon.last-update", 11)
            parameters.add("balloon.disk_caches", 12)
            parameters.add("balloon.hugetlb_pgalloc", 13)
            parameters.add("balloon.hugetlb_pgfail", 14)
        }
        var expected = BalloonStatistics()
        expected.actualBalloon = 1024
        expected.swapIn = 3072
        expected.swapOut = 4096
        expected.majorFaults = 5
        expected.minorFaults = 6
        expected.unused = 7168
        expected.available = 8192
        expected.rss = 9216
        expected.usable = 10240
        expected.lastUpdate = 11
        expected.diskCaches = 12288
        expected.hugetlbAllocations = 13
        expected.hugetlbFailures = 14
        #expect(record.statistics == expected)
        #expect(record.state == .running)
        #expect(record.id.name == "test")
    }

    @Test func whatIsNotThereIsUnknownAndNotZero() throws {
        let record = try record { $0.add("balloon.current", 1) }
        var expected = BalloonStatistics()
        expected.actualBalloon = 1024
        #expect(record.statistics == expected)
        #expect(record.state == nil)
    }

    @Test func parametersOfOtherNamesOrTypesAreLeft() throws {
        let record = try record { parameters in
            parameters.add("balloon.usable.later", 1)
            parameters.add("balloon.usabl", 1)
            parameters.add("vcpu.current", 1)
            parameters.add("balloon.usable", int: 1)
            parameters.add("state.state", 1)
        }
        #expect(record.statistics == BalloonStatistics())
        #expect(record.state == nil)
    }

    @Test func aStateOfAnotherTypeLeavesTheStateThatIsThere() throws {
        let record = try record { parameters in
            parameters.add("state.state", int: 1)
            parameters.add("state.state", 5)
        }
        #expect(record.state == .running)
    }

    @Test func aStateOfALaterLibvirtIsNoState() throws {
        #expect(try record { $0.add("state.state", int: 99) }.state == .nostate)
    }

    @Test func aTagOfALaterLibvirtIsLeft() {
        var statistics = BalloonStatistics()
        statistics.take(virDomainMemoryStatStruct(tag: 99, val: 1))
        statistics.take(virDomainMemoryStatStruct(tag: -1, val: 1))
        #expect(statistics == BalloonStatistics())
        statistics.take(
            virDomainMemoryStatStruct(tag: Int32(bitPattern: VIR_DOMAIN_MEMORY_STAT_USABLE.rawValue), val: 5)
        )
        #expect(statistics.usable == 5120)
    }
}
