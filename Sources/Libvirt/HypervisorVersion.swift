/// Which hypervisor a connection leads to, and how old the software is on the way.
public struct HypervisorVersion: Hashable, Sendable {
    /// The driver's name, as `QEMU`, `LXC`, `Xen` or `Test` (virConnectGetType).
    public let driver: String
    /// The hypervisor's version, as 7.2.22; nil where the driver does not say (virConnectGetVersion).
    public let hypervisor: String?
    /// The version of libvirt at the far end, as 9.0.0 (virConnectGetLibVersion).
    public let libvirt: String?

    /// The versions that a connection found.
    public init(driver: String, hypervisor: String?, libvirt: String?) {
        self.driver = driver
        self.hypervisor = hypervisor
        self.libvirt = libvirt
    }

    /// libvirt's number for a version, major × 1,000,000 + minor × 1,000 + release, as a person writes it.
    static func text(of number: UInt) -> String {
        "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
    }
}
