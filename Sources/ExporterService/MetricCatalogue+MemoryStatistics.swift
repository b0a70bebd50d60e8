import Exposition
import Hypervisor

extension MetricCatalogue {
    /// The balloon statistics. What each is in the guest: Linux's drivers/virtio/virtio_balloon.c, update_balloon_stats().
    static let memoryStatisticsMetrics: [Metric] = [
        .memory(
            "actual_balloon",
            help: "The memory the guest holds now: its maximum less what the balloon has taken. Seen by the hypervisor."
        ) { $0.statistics?.actualBalloon },
        .memory(
            "available",
            help: """
                The guest's total memory as its kernel counts it: MemTotal in the guest's /proc/meminfo. \
                Not what is left: that is usable.
                """
        ) { $0.statistics?.available },
        .memory(
            "usable",
            help: """
                The memory that the guest can still use without swapping: MemAvailable in the guest's /proc/meminfo. \
                The figure to alert on.
                """
        ) { $0.statistics?.usable },
        .memory(
            "unused",
            help: """
                The memory that the guest uses for nothing at all, not even for caches: MemFree in the guest's \
                /proc/meminfo. It is low in a healthy guest.
                """
        ) { $0.statistics?.unused },
        .memory(
            "rss",
            help: """
                The resident size of the process that runs the guest, without pages of hugetlbfs; on LXC what the container's \
                control group uses, caches included. Seen by the hypervisor.
                """
        ) { $0.statistics?.rss },
        .memory(
            "disk_caches",
            help: """
                The guest's page cache: Buffers, Cached and SwapCached in the guest's /proc/meminfo. Not all of it can be \
                given back: it holds tmpfs and shared memory too.
                """
        ) { $0.statistics?.diskCaches },
        .count(
            "swap_in_bytes_total",
            unit: "bytes",
            help: "Memory the guest swapped in since it booted: pswpin in the guest's /proc/vmstat."
        ) { $0.statistics?.swapIn },
        .count(
            "swap_out_bytes_total",
            unit: "bytes",
            help: "Memory the guest swapped out since it booted: pswpout in the guest's /proc/vmstat."
        ) { $0.statistics?.swapOut },
        .count(
            "major_fault_total",
            help:
                "Page faults of the guest that needed its disk, since it booted: pgmajfault in the guest's /proc/vmstat."
        ) { $0.statistics?.majorFaults },
        .count(
            "minor_fault_total",
            help: "Page faults of the guest of all kinds, since it booted: pgfault in the guest's /proc/vmstat."
        ) { $0.statistics?.minorFaults },
        .count(
            "hugetlb_pgalloc_total",
            help: """
                Huge pages the guest allocated since it booted: htlb_buddy_alloc_success in the guest's /proc/vmstat.
                """
        ) { $0.statistics?.hugetlbAllocations },
        .count(
            "hugetlb_pgfail_total",
            help: """
                Huge pages the guest failed to allocate since it booted: htlb_buddy_alloc_fail in the guest's /proc/vmstat.
                """
        ) { $0.statistics?.hugetlbFailures },
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
            guard let configuration = domain.known.configuration, configuration.balloon != nil,
                domain.status != .unsupported
            else {
                return nil
            }
            return .whole(UInt64(configuration.statsPeriod ?? 0))
        },
        .domainStates(
            "libvirt_domain_memory_stats_status",
            label: "status",
            help: """
                Why the domain's memory statistics are what they are: 1 for the status they have, 0 for the others. \
                ok: fresh. stale: the driver stopped answering. no_device: no balloon. no_driver: the guest has no driver \
                for it. no_values: the driver answers without figures. no_period: nobody asks it. paused. busy: another \
                job holds the domain. unresponsive: QEMU does not answer, or libvirt is at work on the domain. unsupported: this hypervisor has none.
                """,
            title: { (status: StatisticsStatus) in status.rawValue }
        ) { $0.status },
    ]
}

extension Metric {
    fileprivate static func memory(
        _ name: String,
        help: String,
        _ read: @escaping @Sendable (DomainSample) -> UInt64?
    ) -> Metric {
        .domain("libvirt_domain_memory_stats_\(name)_bytes", .gauge, unit: "bytes", help: help) { domain in
            read(domain).map(Sample.Value.whole)
        }
    }

    fileprivate static func count(
        _ name: String,
        unit: String? = nil,
        help: String,
        _ read: @escaping @Sendable (DomainSample) -> UInt64?
    ) -> Metric {
        .domain("libvirt_domain_memory_stats_\(name)", .counter, unit: unit, help: help) { domain in
            read(domain).map(Sample.Value.whole)
        }
    }
}
