import CLibvirt

/// The host's memory as libvirt sees it; what the driver does not say is nil or empty.
public struct HostMemory: Hashable, Sendable {
    /// All of the host's memory.
    public var total: Kibibytes?
    /// What is free.
    public var free: Kibibytes?
    /// What buffers hold.
    public var buffers: Kibibytes?
    /// What the page cache holds.
    public var cached: Kibibytes?
    /// The free memory of each NUMA cell in bytes (virNodeGetCellsFreeMemory), by the cell's place in libvirt's order.
    public var freeBytesByCell: [UInt64] = []
    /// Kernel samepage merging, in pages (virNodeGetMemoryParameters).
    public var samepageMerging = SamepageMerging()

    /// A host of which nothing is known.
    public init() {}

    /// What KSM does, in pages of the host (Documentation/admin-guide/mm/ksm.rst).
    public struct SamepageMerging: Hashable, Sendable {
        /// Shared pages in use.
        public var shared: UInt64?
        /// Further pages that share them: the memory saved.
        public var sharing: UInt64?
        /// Pages that are unique, but looked at again and again.
        public var unshared: UInt64?
        /// Pages that change too fast to be shared.
        public var volatile: UInt64?
        /// How often all memory was looked through.
        public var fullScans: UInt64?

        /// Merging of which nothing is known.
        public init() {}
    }
}

/// A pool of pages of one size in one NUMA cell.
public struct HostPagePool: Hashable, Sendable {
    /// The cell's number.
    public let cell: UInt32
    /// The size of a page.
    public let pageSize: Kibibytes
    /// How many pages the pool has.
    public let total: UInt64
    /// How many of them are free; nil where the driver does not say.
    public var free: UInt64?

    /// A pool.
    public init(cell: UInt32, pageSize: Kibibytes, total: UInt64, free: UInt64? = nil) {
        self.cell = cell
        self.pageSize = pageSize
        self.total = total
        self.free = free
    }
}
