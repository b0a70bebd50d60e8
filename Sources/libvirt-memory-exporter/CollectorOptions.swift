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

    @Flag(help: "The guests' balloon statistics and their status.")
    var memoryStats = MemoryStatsSwitch.on

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
                case .memoryStats: memoryStats == .on
                case .events: events
                case .limits: limits
                case .openstack: openstack
                case .host: host
                }
            }
        )
    }
}

/// No Bool, from whose name with its underscore ArgumentParser would make `--no_collector.memory_stats`.
enum MemoryStatsSwitch: EnumerableFlag {
    case on
    case off

    static func name(for value: MemoryStatsSwitch) -> NameSpecification {
        switch value {
        case .on: .customLong("collector.memory_stats")
        case .off: .customLong("no-collector.memory_stats")
        }
    }
}
