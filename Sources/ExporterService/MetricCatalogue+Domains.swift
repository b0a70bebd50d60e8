import Exposition
import Hypervisor

extension MetricCatalogue {
    /// What the hypervisor knows of a domain without asking the guest (virDomainGetInfo, virDomainGetXMLDesc,
    /// virDomainGetControlInfo).
    static let domainMetrics: [Metric] = [
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
        ) { ($0.info?.maximumMemory).map(Sample.Value.whole) },
        .domain(
            "libvirt_domain_info_memory_usage_bytes",
            .gauge,
            unit: "bytes",
            help: """
                The memory the domain is given now; on QEMU and Xen what its balloon leaves it, not what the guest uses; \
                on LXC and bhyve what it uses.
                """
        ) { ($0.info?.memory).map(Sample.Value.whole) },
        .domain("libvirt_domain_info_virtual_cpus", .gauge, help: "The number of the domain's virtual CPUs.") {
            ($0.info?.virtualCPUs).map { .whole(UInt64($0)) }
        },
        .domain(
            "libvirt_domain_info_cpu_time_seconds_total",
            .counter,
            unit: "seconds",
            help: "CPU time that the domain has used since it was started."
        ) { ($0.info?.cpuTime).map { .fraction(Double($0) / 1e9) } },
        .domainInfo(
            "libvirt_domain_info",
            help: """
                What matters to reading the domain's memory figures: its balloon's model, whether that gives memory back \
                to a guest that is short (autodeflate) and tells the host of free pages (free_page_reporting), and the \
                huge pages behind the guest's memory, which rss leaves out.
                """,
            labels: [
                "type", "os_type", "machine", "title", "balloon_model", "autodeflate", "free_page_reporting",
                "hugepages",
            ]
        ) { _, configuration in
            [
                configuration.type, configuration.osType, configuration.machine, configuration.title,
                configuration.balloon?.model ?? "none", yesOrNo(configuration.balloon?.autodeflate),
                yesOrNo(configuration.balloon?.freePageReporting), configuration.hugePages.label,
            ]
        },
        .domain(
            "libvirt_domain_monitor_unresponsive_seconds",
            .gauge,
            unit: "seconds",
            help: "For how long the monitor of the domain's QEMU has not answered; missing while it answers."
        ) { domain in
            guard case .monitor(let time) = domain.obstacle else { return nil }
            return .fraction(time / .seconds(1))
        },
        .domain(
            "libvirt_domain_libvirt_busy_seconds",
            .gauge,
            unit: "seconds",
            help: """
                For how long libvirt has been at work on the domain (a start, a destroy, a hook script) without answering \
                about it; missing while it answers.
                """
        ) { domain in
            guard case .hypervisor(let time) = domain.obstacle else { return nil }
            return .fraction(time / .seconds(1))
        },
    ]

    private static func yesOrNo(_ value: Bool?) -> String {
        value == true ? "yes" : "no"
    }
}

extension DomainConfiguration.HugePages {
    fileprivate var label: String {
        switch self {
        case .none: "no"
        case .ofDefaultSize: "default"
        case .ofSizes(let sizes): sizes.map { "\($0 / 1024)KiB" }.joined(separator: ",")
        }
    }
}
