/// What matters to reading a domain's memory figures in its live configuration (libvirt.org/formatdomain.html).
package struct DomainConfiguration: Hashable, Sendable {
    /// The domain's type, as `kvm`, `qemu`, `xen` or `lxc`.
    package var type = ""
    /// The kind of operating system, as `hvm`, `linux` or `exe`.
    package var osType = ""
    /// The virtual machine's type, as `pc-q35-7.2`.
    package var machine = ""
    /// The title that an administrator gave the domain.
    package var title = ""
    /// The memory balloon device; nil where there is none (`<memballoon model='none'/>`, or a driver without balloons).
    package var balloon: Balloon?
    /// How often the hypervisor asks the guest for statistics, in seconds (`<stats period='10'/>`); nil where nobody
    /// set it.
    package var statsPeriod: UInt32?
    /// The huge pages that back the guest's memory.
    package var hugePages = HugePages.none
    /// The memory devices whose size changes while the guest runs (virtio-mem).
    package var memoryDevices: [MemoryDevice] = []
    /// What nova says of the instance; nil where nova did not make the domain.
    package var openStack: OpenStackInstance?

    /// The memory balloon device of a domain.
    package struct Balloon: Hashable, Sendable {
        /// Its model, as `virtio`, `virtio-transitional` or `xen`.
        package var model: String
        /// Whether it gives memory back to a guest that is short of it (`autodeflate`).
        package var autodeflate = false
        /// Whether the guest tells the host of pages that it has no use for (`freePageReporting`).
        package var freePageReporting = false

        /// A device of this model.
        package init(model: String) {
            self.model = model
        }
    }

    /// The huge pages that back a guest's memory.
    package enum HugePages: Hashable, Sendable {
        /// None: pages of the ordinary size.
        case none
        /// Huge pages of the host's default size.
        case ofDefaultSize
        /// Huge pages of these sizes.
        case ofSizes([UInt64])
    }

    /// A memory device whose size changes while the guest runs (virtio-mem).
    package struct MemoryDevice: Hashable, Sendable {
        /// Its name in libvirt, as `virtiomem0`.
        package var alias: String
        /// The most that it can hold.
        package var size: UInt64
        /// What the host asked the guest to take of it.
        package var requested: UInt64
        /// What the guest has taken.
        package var current: UInt64?

        /// A device of these amounts, in bytes.
        package init(alias: String, size: UInt64, requested: UInt64, current: UInt64? = nil) {
            self.alias = alias
            self.size = size
            self.requested = requested
            self.current = current
        }
    }

    /// A configuration of which nothing is known but its balloon.
    package init(balloon: Balloon?, statsPeriod: UInt32? = nil) {
        self.balloon = balloon
        self.statsPeriod = statsPeriod
    }
}
