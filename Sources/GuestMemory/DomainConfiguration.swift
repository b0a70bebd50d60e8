import Libvirt

/// What matters to reading a domain's memory figures in its live configuration (libvirt.org/formatdomain.html).
public struct DomainConfiguration: Hashable, Sendable {
    /// The domain's type, as `kvm`, `qemu`, `xen` or `lxc`.
    public var type = ""
    /// The kind of operating system, as `hvm`, `linux` or `exe`.
    public var osType = ""
    /// The virtual machine's type, as `pc-q35-7.2`.
    public var machine = ""
    /// The title that an administrator gave the domain.
    public var title = ""
    /// The memory balloon device; nil where there is none (`<memballoon model='none'/>`, or a driver without balloons).
    public var balloon: Balloon?
    /// How often the hypervisor asks the guest for statistics, in seconds (`<stats period='10'/>`); nil where nobody
    /// set it.
    public var statsPeriod: UInt32?
    /// The huge pages that back the guest's memory.
    public var hugePages = HugePages.none
    /// The memory devices whose size changes while the guest runs (virtio-mem).
    public var memoryDevices: [MemoryDevice] = []
    /// What nova says of the instance; nil where nova did not make the domain.
    public var openStack: OpenStackInstance?

    /// The memory balloon device of a domain.
    public struct Balloon: Hashable, Sendable {
        /// Its model, as `virtio`, `virtio-transitional` or `xen`.
        public var model: String
        /// Whether it gives memory back to a guest that is short of it (`autodeflate`).
        public var autodeflate = false
        /// Whether the guest tells the host of pages that it has no use for (`freePageReporting`).
        public var freePageReporting = false

        /// A device of this model.
        public init(model: String) {
            self.model = model
        }
    }

    /// The huge pages that back a guest's memory.
    public enum HugePages: Hashable, Sendable {
        /// None: pages of the ordinary size.
        case none
        /// Huge pages of the host's default size.
        case ofDefaultSize
        /// Huge pages of these sizes.
        case ofSizes([Kibibytes])
    }

    /// A memory device whose size changes while the guest runs (virtio-mem).
    public struct MemoryDevice: Hashable, Sendable {
        /// Its name in libvirt, as `virtiomem0`.
        public var alias: String
        /// The most that it can hold.
        public var size: Kibibytes
        /// What the host asked the guest to take of it.
        public var requested: Kibibytes
        /// What the guest has taken.
        public var current: Kibibytes?
    }

    /// A configuration of which nothing is known but its balloon.
    public init(balloon: Balloon?, statsPeriod: UInt32? = nil) {
        self.balloon = balloon
        self.statsPeriod = statsPeriod
    }

    /// Whether the hypervisor could poll this domain's statistics, but nobody told it to.
    var lacksStatsPeriod: Bool {
        statsPeriod == nil && balloon != nil
    }
}
