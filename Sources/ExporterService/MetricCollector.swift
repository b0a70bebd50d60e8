import Hypervisor

/// A group of metrics that can be turned off by `--no-collector.NAME` and chosen for one scrape by `collect[]` and
/// `exclude[]`, as node_exporter has them. What the exporter says of itself and of libvirt is always served.
package enum MetricCollector: String, CaseIterable, Sendable {
    /// What the hypervisor knows of a domain: state, memory given, virtual CPUs, CPU time, configuration.
    case domain
    /// The balloon statistics and their status.
    case memoryStats = "memory_stats"
    /// Counts of what happened to a domain.
    case events
    /// What bounds a domain's memory on its host.
    case limits
    /// What nova says of an instance.
    case openstack
    /// The host's own memory.
    case host
}

extension MetricCollector {
    /// What the hypervisor is asked for; what the inventory knows needs no call in a scrape.
    var needs: Needs {
        switch self {
        case .domain: .info
        case .memoryStats: .statistics
        case .host: .host
        case .events, .limits, .openstack: []
        }
    }
}

/// A choice of collectors that cannot be served.
struct CollectorChoiceError: Error, Equatable, CustomStringConvertible {
    let description: String
}

extension MetricCollector {
    /// The collectors that one scrape wants.
    ///
    /// - Parameters:
    ///   - collect: the values of `collect[]`: only these; none for all that are enabled.
    ///   - exclude: the values of `exclude[]`: all but these.
    ///   - enabled: those that are enabled.
    /// - Throws: `CollectorChoiceError` for a name that is none or is not enabled, and for both parameters at once.
    static func chosen(
        collect: [String],
        exclude: [String],
        of enabled: Set<MetricCollector>
    ) throws(CollectorChoiceError) -> Set<MetricCollector> {
        guard collect.isEmpty || exclude.isEmpty else {
            throw CollectorChoiceError(description: "collect[] and exclude[] cannot be used together")
        }
        let collect = try named(collect)
        for collector in collect where !enabled.contains(collector) {
            throw CollectorChoiceError(description: "the collector '\(collector.rawValue)' is turned off")
        }
        return collect.isEmpty ? enabled.subtracting(try named(exclude)) : collect
    }

    private static func named(_ names: [String]) throws(CollectorChoiceError) -> Set<MetricCollector> {
        var collectors: Set<MetricCollector> = []
        for name in names {
            guard let collector = MetricCollector(rawValue: name) else {
                let all = allCases.map(\.rawValue).joined(separator: ", ")
                throw CollectorChoiceError(description: "there is no collector '\(name)'; there are \(all)")
            }
            collectors.insert(collector)
        }
        return collectors
    }
}
