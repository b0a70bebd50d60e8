import Exposition
import Libvirt

extension MetricCatalogue {
    /// What the hypervisor knows of a domain without asking the guest (virDomainGetInfo).
    static let domainInfoMetrics: [Metric] = [
        .domainStates(
            "libvirt_domain_state",
            label: "state",
            help: "The domain's state (virDomainState): 1 for the state it is in, 0 for the others.",
            title: { (state: DomainState) in "\(state)" }
        ) { $0.state },
        .domain(
            "libvirt_domain_info_maximum_memory_bytes",
            .gauge,
            unit: "bytes",
            help: "The most memory the domain may be given."
        ) { ($0.info?.maximumMemory.bytes).map(Sample.Value.whole) },
        .domain(
            "libvirt_domain_info_memory_usage_bytes",
            .gauge,
            unit: "bytes",
            help: """
                The memory the domain is given now; on QEMU and Xen what its balloon leaves it, not what the guest uses; \
                on LXC and bhyve what it uses.
                """
        ) { ($0.info?.memory.bytes).map(Sample.Value.whole) },
        .domain("libvirt_domain_info_virtual_cpus", .gauge, help: "The number of the domain's virtual CPUs.") {
            ($0.info?.virtualCPUs).map { .whole(UInt64($0)) }
        },
        .domain(
            "libvirt_domain_info_cpu_time_seconds_total",
            .counter,
            unit: "seconds",
            help: "CPU time that the domain has used since it was started."
        ) { ($0.info?.cpuTime).map { .fraction(Double($0) / 1e9) } },
    ]
}
