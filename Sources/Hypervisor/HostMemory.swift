/// The host's memory as libvirt sees it; what the driver does not say is nil or empty.
package struct HostMemory: Hashable, Sendable {
    /// All of the host's memory.
    package var total: UInt64?
    /// What is free.
    package var free: UInt64?
    /// What buffers hold.
    package var buffers: UInt64?
    /// What the page cache holds.
    package var cached: UInt64?
    /// The free memory of each NUMA cell in bytes (virNodeGetCellsFreeMemory), by the cell's place in libvirt's order.
    package var freeBytesByCell: [UInt64] = []
    /// Kernel samepage merging, in pages (virNodeGetMemoryParameters).
    package var samepageMerging = SamepageMerging()

    /// A host of which nothing is known.
    package init() {}

    /// What KSM does, in pages of the host (Documentation/admin-guide/mm/ksm.rst).
    package struct SamepageMerging: Hashable, Sendable {
        /// Shared pages in use.
        package var shared: UInt64?
        /// Further pages that share them: the memory saved.
        package var sharing: UInt64?
        /// Pages that are unique, but looked at again and again.
        package var unshared: UInt64?
        /// Pages that change too fast to be shared.
        package var volatile: UInt64?
        /// How often all memory was looked through.
        package var fullScans: UInt64?

        /// Merging of which nothing is known.
        package init() {}
    }
}

/// A pool of pages of one size in one NUMA cell.
package struct HostPagePool: Hashable, Sendable {
    /// The cell's number.
    package let cell: UInt32
    /// The size of a page.
    package let pageSize: UInt64
    /// How many pages the pool has.
    package let total: UInt64
    /// How many of them are free; nil where the driver does not say.
    package var free: UInt64?

    /// A pool.
    package init(cell: UInt32, pageSize: UInt64, total: UInt64, free: UInt64? = nil) {
        self.cell = cell
        self.pageSize = pageSize
        self.total = total
        self.free = free
    }
}
