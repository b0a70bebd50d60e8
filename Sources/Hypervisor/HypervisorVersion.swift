/// Which hypervisor a connection leads to, and how old the software is on the way.
package struct HypervisorVersion: Hashable, Sendable {
    /// The driver's name, as `QEMU`, `LXC`, `Xen` or `Test` (virConnectGetType).
    package let driver: String
    /// The hypervisor's version, as 7.2.22; nil where the driver does not say (virConnectGetVersion).
    package let hypervisor: String?
    /// The version of libvirt at the far end, as 9.0.0 (virConnectGetLibVersion).
    package let libvirt: String?

    /// The versions that a connection found.
    package init(driver: String, hypervisor: String?, libvirt: String?) {
        self.driver = driver
        self.hypervisor = hypervisor
        self.libvirt = libvirt
    }
}
