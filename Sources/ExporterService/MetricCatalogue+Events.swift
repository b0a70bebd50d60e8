import Exposition
import Hypervisor

extension MetricCatalogue {
    /// What happened to a domain, counted from libvirt's events since this exporter first saw the domain.
    static let eventMetrics: [Metric] = [
        .events(
            "libvirt_domain_balloon_changes_total",
            help: "Changes of the balloon's size; about one a second while it moves."
        ) { $0.balloonChanges },
        .events("libvirt_domain_reboots_total", help: "Reboots of the guest; its own counters start again.") {
            $0.reboots
        },
        .events(
            "libvirt_domain_metadata_changes_total",
            help: "Changes of the domain's title, description or metadata, as nova makes them."
        ) { $0.metadataChanges },
        .events(
            "libvirt_domain_memory_device_resizes_total",
            help: "Changes of the size of the domain's memory devices (virtio-mem)."
        ) { $0.memoryDeviceResizes },
        .domain(
            "libvirt_domain_memory_failures_total",
            .counter,
            help: """
                Memory of the domain that the host's hardware lost: whose it was (recipient: guest, hypervisor) and what \
                was done (action: ignore, inject, fatal, reset).
                """,
            labels: ["recipient", "action"]
        ) { domain in
            (domain.known.events.memoryFailures)
                .sorted { ($0.key.recipient, $0.key.action) < ($1.key.recipient, $1.key.action) }
                .map { (values: [$0.key.recipient, $0.key.action], value: .whole($0.value)) }
        },
    ]
}

extension Metric {
    fileprivate static func events(
        _ name: String,
        help: String,
        _ read: @escaping @Sendable (EventCounts) -> UInt64
    ) -> Metric {
        .domain(name, .counter, help: help) { .whole(read($0.known.events)) }
    }
}
