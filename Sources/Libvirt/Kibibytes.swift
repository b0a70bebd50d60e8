/// An amount of memory as libvirt counts it: in units of 1024 bytes.
public struct Kibibytes: Hashable, Sendable {
    /// How many times 1024 bytes.
    public let count: UInt64

    /// An amount of so many times 1024 bytes.
    public init(_ count: UInt64) {
        self.count = count
    }

    /// The same amount in bytes; an amount beyond 2⁶⁴ bytes, which no memory has, stays at the largest number.
    public var bytes: UInt64 {
        let (product, overflow) = count.multipliedReportingOverflow(by: 1024)
        return overflow ? .max : product
    }
}
