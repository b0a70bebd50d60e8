/// Who a domain is on its host: its UUID, which never changes, and its name, which an administrator may change.
package struct DomainID: Hashable, Comparable, Sendable {
    /// The domain's UUID.
    package let uuid: DomainUUID
    /// The domain's name; bytes that are not UTF-8 are replaced by U+FFFD.
    package let name: String

    /// A domain known by its UUID and name.
    package init(uuid: DomainUUID, name: String) {
        self.uuid = uuid
        self.name = name
    }

    /// By name; by UUID where one name was another domain's before.
    package static func < (first: DomainID, second: DomainID) -> Bool {
        first.name == second.name ? first.uuid < second.uuid : first.name < second.name
    }
}

/// A domain's UUID, 128 bits as libvirt gives them (virDomainGetUUID).
package struct DomainUUID: Hashable, Comparable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// A UUID of exactly 16 bytes, the first byte first; nil for any other count.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// As their texts are ordered.
    package static func < (first: DomainUUID, second: DomainUUID) -> Bool {
        (first.high, first.low) < (second.high, second.low)
    }

    /// The 16 bytes, the first byte first.
    package var bytes: [UInt8] {
        [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
    }

    /// The form of RFC 9562, section 4: lower-case hexadecimal digits in groups of 8-4-4-4-12, as virsh prints it.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
