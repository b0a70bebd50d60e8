import ArgumentParser
import ExporterService

/// The switches `--collector.NAME` and `--no-collector.NAME`, as node_exporter has them.
struct CollectorOptions: ParsableArguments {
    @Flag(
        name: .customLong("collector.domain"),
        inversion: .prefixedNo,
        help: "What the hypervisor knows of a domain: state, memory, virtual CPUs, CPU time, configuration."
    )
    var domain = true

    @Flag(
        name: .customLong("collector.memory_stats"),
        inversion: .prefixedNo,
        help: "The guests' balloon statistics and their status."
    )
    var memoryStats = true

    @Flag(name: .customLong("collector.events"), inversion: .prefixedNo, help: "Counts of what happened to a domain.")
    var events = true

    @Flag(
        name: .customLong("collector.limits"),
        inversion: .prefixedNo,
        help: "What bounds a domain's memory on its host."
    )
    var limits = true

    @Flag(name: .customLong("collector.openstack"), inversion: .prefixedNo, help: "What nova says of an instance.")
    var openstack = true

    @Flag(name: .customLong("collector.host"), inversion: .prefixedNo, help: "The host's own memory.")
    var host = true

    /// The collectors that are turned on.
    var enabled: Set<MetricCollector> {
        Set(
            MetricCollector.allCases.filter { collector in
                switch collector {
                case .domain: domain
                case .memoryStats: memoryStats
                case .events: events
                case .limits: limits
                case .openstack: openstack
                case .host: host
                }
            }
        )
    }
}
