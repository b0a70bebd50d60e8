import Exposition
import Libvirt

extension MetricCatalogue {
    /// The balloon statistics. What each is in the guest: Linux's drivers/virtio/virtio_balloon.c, update_balloon_stats().
    static let memoryStatisticsMetrics: [Metric] = [
        .memory(
            "actual_balloon",
            help: "The memory the guest holds now: its maximum less what the balloon has taken. Seen by the hypervisor."
        ) { $0.actualBalloon },
        .memory(
            "available",
            help: """
                The guest's total memory as its kernel counts it: MemTotal in the guest's /proc/meminfo. \
                Not what is left: that is usable.
                """
        ) { $0.available },
        .memory(
            "usable",
            help: """
                The memory that the guest can still use without swapping: MemAvailable in the guest's /proc/meminfo. \
                The figure to alert on.
                """
        ) { $0.usable },
        .memory(
            "unused",
            help: """
                The memory that the guest uses for nothing at all, not even for caches: MemFree in the guest's \
                /proc/meminfo. It is low in a healthy guest.
                """
        ) { $0.unused },
        .memory(
            "rss",
            help: """
                The resident size of the process that runs the guest. Seen by the hypervisor; leaves out pages of hugetlbfs.
                """
        ) { $0.rss },
        .memory(
            "disk_caches",
            help: """
                The guest's memory in caches that it gives back without disk traffic: Buffers and Cached in the guest's \
                /proc/meminfo.
                """
        ) { $0.diskCaches },
        .count(
            "swap_in_bytes_total",
            unit: "bytes",
            help: "Memory the guest swapped in since it booted: pswpin in the guest's /proc/vmstat."
        ) { $0.swapIn?.bytes },
        .count(
            "swap_out_bytes_total",
            unit: "bytes",
            help: "Memory the guest swapped out since it booted: pswpout in the guest's /proc/vmstat."
        ) { $0.swapOut?.bytes },
        .count(
            "major_fault_total",
            help:
                "Page faults of the guest that needed its disk, since it booted: pgmajfault in the guest's /proc/vmstat."
        ) { $0.majorFaults },
        .count(
            "minor_fault_total",
            help: "Page faults of the guest of all kinds, since it booted: pgfault in the guest's /proc/vmstat."
        ) { $0.minorFaults },
        .count(
            "hugetlb_pgalloc_total",
            help: """
                Huge pages the guest allocated since it booted: htlb_buddy_alloc_success in the guest's /proc/vmstat.
                """
        ) { $0.hugetlbAllocations },
        .count(
            "hugetlb_pgfail_total",
            help: """
                Huge pages the guest failed to allocate since it booted: htlb_buddy_alloc_fail in the guest's /proc/vmstat.
                """
        ) { $0.hugetlbFailures },
        .domain(
            "libvirt_domain_memory_stats_last_update_timestamp_seconds",
            .gauge,
            unit: "seconds",
            help: """
                When the guest's balloon driver last answered, in Unix time of the host. Missing where it never did. \
                Frozen where nobody asks it any more.
                """
        ) { domain in
            // 0 is QEMU's way to say never (qom: guest-stats, last-update).
            guard let lastUpdate = domain.statistics?.lastUpdate, lastUpdate > 0 else { return nil }
            return .whole(lastUpdate)
        },
        .domain(
            "libvirt_domain_memory_stats_period_seconds",
            .gauge,
            unit: "seconds",
            help: """
                How often the hypervisor asks the guest's balloon driver for its statistics. 0: nobody asks it, \
                and its figures stay those of the moment when it started.
                """
        ) { domain in
            guard let configuration = domain.configuration, configuration.balloon != .none else { return nil }
            return .whole(UInt64(configuration.statsPeriod ?? 0))
        },
    ]
}

extension Metric {
    fileprivate static func memory(
        _ name: String,
        help: String,
        _ read: @escaping @Sendable (MemoryStatistics) -> Kibibytes?
    ) -> Metric {
        .domain("libvirt_domain_memory_stats_\(name)_bytes", .gauge, unit: "bytes", help: help) { domain in
            domain.statistics.flatMap(read).map { .whole($0.bytes) }
        }
    }

    fileprivate static func count(
        _ name: String,
        unit: String? = nil,
        help: String,
        _ read: @escaping @Sendable (MemoryStatistics) -> UInt64?
    ) -> Metric {
        .domain("libvirt_domain_memory_stats_\(name)", .counter, unit: unit, help: help) { domain in
            domain.statistics.flatMap(read).map(Sample.Value.whole)
        }
    }
}
