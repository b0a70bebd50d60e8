import Exposition
import Hypervisor

extension MetricCatalogue {
    /// The host beside its guests, as libvirt sees it.
    static let hostMetrics: [Metric] = [
        .hostMemory("total", help: "The host's memory.") { $0.total },
        .hostMemory("free", help: "The host's memory that nothing uses.") { $0.free },
        .hostMemory("buffers", help: "The host's memory in buffers of block devices.") { $0.buffers },
        .hostMemory("cached", help: "The host's memory in its page cache.") { $0.cached },
        Metric(
            name: "libvirt_host_cell_memory_free_bytes",
            kind: .gauge,
            unit: "bytes",
            help: "The free memory of each NUMA cell of the host.",
            labels: ["cell"]
        ) { readings in
            (readings.snapshot.host?.memory.freeBytesByCell ?? []).enumerated()
                .map { Sample(Labels([("cell", "\($0.offset)")]), .whole($0.element)) }
        },
        .samepageMerging("shared_pages", .gauge, help: "Shared pages that KSM has in use.") { $0.shared },
        .samepageMerging("sharing_pages", .gauge, help: "Further pages that share those: the pages that KSM saves.") {
            $0.sharing
        },
        .samepageMerging("unshared_pages", .gauge, help: "Pages that KSM found unique and keeps looking at.") {
            $0.unshared
        },
        .samepageMerging("volatile_pages", .gauge, help: "Pages that change too fast for KSM to share them.") {
            $0.volatile
        },
        .samepageMerging("full_scans_total", .counter, help: "How often KSM has looked through all memory.") {
            $0.fullScans
        },
        .hugePages("total", help: "Huge pages in the host's pools, by NUMA cell and size of a page in bytes.") {
            $0.total
        },
        .hugePages("free", help: "Free huge pages in the host's pools, by NUMA cell and size of a page in bytes.") {
            $0.free
        },
    ]
}

extension Metric {
    fileprivate static func hostMemory(
        _ name: String,
        help: String,
        _ read: @escaping @Sendable (HostMemory) -> UInt64?
    ) -> Metric {
        .single("libvirt_host_memory_\(name)_bytes", .gauge, unit: "bytes", help: help) { readings in
            (readings.snapshot.host?.memory).flatMap(read).map(Sample.Value.whole)
        }
    }

    fileprivate static func samepageMerging(
        _ name: String,
        _ kind: MetricDescription.Kind,
        help: String,
        _ read: @escaping @Sendable (HostMemory.SamepageMerging) -> UInt64?
    ) -> Metric {
        .single("libvirt_host_ksm_\(name)", kind, help: help) { readings in
            (readings.snapshot.host?.memory.samepageMerging).flatMap(read).map(Sample.Value.whole)
        }
    }

    fileprivate static func hugePages(
        _ name: String,
        help: String,
        _ read: @escaping @Sendable (HostPagePool) -> UInt64?
    ) -> Metric {
        Metric(
            name: "libvirt_host_hugepages_\(name)_pages",
            kind: .gauge,
            unit: nil,
            help: help,
            labels: ["cell", "page_size"]
        ) { readings in
            (readings.snapshot.host?.pages ?? []).compactMap { pool in
                read(pool).map {
                    Sample(Labels([("cell", "\(pool.cell)"), ("page_size", "\(pool.pageSize)")]), .whole($0))
                }
            }
        }
    }
}
