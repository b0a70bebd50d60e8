import Hypervisor
import Testing

@testable import Libvirt

@Suite struct DomainUUIDTests {
    @Test func isWrittenAsVirshWritesIt() throws {
        let uuid = try #require(DomainUUID(bytes: (0..<16).map { $0 * 17 }))
        #expect(uuid.description == "00112233-4455-6677-8899-aabbccddeeff")
    }

    @Test func givesItsBytesBack() throws {
        let bytes: [UInt8] = [
            0xf4, 0xbb, 0xf0, 0x5f, 0xb7, 0xbe, 0x4c, 0x5a, 0xb7, 0xf5, 0x98, 0x6e, 0x47, 0xd8, 0xcf, 1,
        ]
        #expect(try #require(DomainUUID(bytes: bytes)).bytes == bytes)
    }

    @Test(arguments: [0, 15, 17])
    func isExactlySixteenBytes(count: Int) {
        #expect(DomainUUID(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test func isOrderedAsItsText() throws {
        let uuids = try ([(0, 0xff), (0, 0), (7, 0x80), (8, 0x7f), (15, 1)] as [(Int, UInt8)]).map { index, byte in
            var bytes = [UInt8](repeating: 0, count: 16)
            bytes[index] = byte
            return try #require(DomainUUID(bytes: bytes))
        }
        #expect(uuids.sorted() == uuids.sorted { $0.description < $1.description })
    }
}

@Suite struct DomainIDTests {
    @Test func isOrderedByNameAndThenByUUID() throws {
        let low = try #require(DomainUUID(bytes: [UInt8](repeating: 1, count: 16)))
        let high = try #require(DomainUUID(bytes: [UInt8](repeating: 2, count: 16)))
        let inOrder = [
            DomainID(uuid: high, name: "a"), DomainID(uuid: low, name: "b"), DomainID(uuid: high, name: "b"),
        ]
        #expect(inOrder.reversed().sorted() == inOrder)
    }
}

@Suite struct KibibytesTests {
    @Test(arguments: [(0, 0), (1, 1024), (131_072, 134_217_728), (1 << 54, nil), (.max, nil)] as [(UInt64, UInt64?)])
    func areBytesUnlessTheyOverflow(count: UInt64, expected: UInt64?) {
        #expect(bytes(kibibytes: count) == expected)
    }
}

@Suite struct HypervisorVersionTests {
    @Test(arguments: [(9_000_000, "9.0.0"), (7_002_022, "7.2.22"), (11_003_000, "11.3.0"), (2, "0.0.2")])
    func isReadFromLibvirtsNumber(number: UInt, text: String) {
        #expect(HypervisorVersion.text(of: number) == text)
    }
}
