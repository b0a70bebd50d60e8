import Exposition
import Hypervisor

extension MetricCatalogue {
    /// What bounds a domain's memory on its host, and what of it can grow.
    static let limitMetrics: [Metric] = [
        .domain(
            "libvirt_domain_memory_limit_bytes",
            .gauge,
            unit: "bytes",
            help: """
                The host's limits of the memory of the domain's process, where one is set: hard (it may not exceed it), \
                soft (it is brought back to it when the host is short), swap_hard (memory and swap together).
                """,
            label: "limit",
            of: ["hard", "soft", "swap_hard"]
        ) { domain in
            let limits = domain.known.limits
            return [limits.hard, limits.soft, limits.swapHard].map { $0.map(Sample.Value.whole) }
        },
        .memoryDevices("size", help: "The most that a memory device of the domain (virtio-mem) can hold.") { $0.size },
        .memoryDevices("requested", help: "What the host asked the guest to take of a memory device (virtio-mem).") {
            $0.requested
        },
        .memoryDevices("current", help: "What the guest has taken of a memory device (virtio-mem).") { $0.current },
    ]
}

extension Metric {
    fileprivate static func memoryDevices(
        _ name: String,
        help: String,
        _ read: @escaping @Sendable (DomainConfiguration.MemoryDevice) -> UInt64?
    ) -> Metric {
        .domain(
            "libvirt_domain_memory_device_\(name)_bytes",
            .gauge,
            unit: "bytes",
            help: help,
            labels: ["device"]
        ) { domain in
            (domain.known.configuration?.memoryDevices ?? [])
                .compactMap { device in read(device).map { ([device.alias], .whole($0)) } }
        }
    }
}
