import Collection
import HTTP

/// What an operator may set.
package struct ExporterConfiguration: Sendable {
    /// The hypervisor's address in libvirt (libvirt.org/uri.html).
    package var libvirtURI: String
    /// Where to listen.
    package var listenAddresses: [ListenAddress]
    /// The permissions of Unix sockets among them.
    package var unixSocketMode: UInt32
    /// The path of the metrics.
    package var telemetryPath: String
    /// The path of the web configuration: TLS, passwords, rate limit; nil for none of them.
    package var webConfigurationPath: String?
    /// How many scrapes are answered at a time; more are refused with 503.
    package var maximumScrapes: Int
    /// On how many connections at most statistics are collected at the same time.
    package var collectConnections: Int
    /// The longest that a collection may take.
    package var collectTimeout: Duration
    /// A collection younger than this is used again by another scrape.
    package var collectMaximumAge: Duration
    /// The statistics period, in seconds, for domains that have none; 0 leaves them alone.
    package var memoryStatsPeriod: UInt32
    /// Which groups of metrics are served.
    package var collectors: Set<MetricCollector>

    /// The largest number of libvirt calls under way and abandoned together.
    package var maximumAbandonedCalls: Int

    /// How the hypervisor is collected from.
    var observation: HypervisorObserver.Configuration {
        var observation = HypervisorObserver.Configuration()
        observation.sessions = collectConnections
        observation.maximumAbandoned = maximumAbandonedCalls
        observation.timeout = collectTimeout
        observation.maximumAge = collectMaximumAge
        observation.readsLimits = !collectors.isDisjoint(with: [.limits, .host])
        return observation
    }

    /// A configuration of these values.
    package init(
        libvirtURI: String,
        listenAddresses: [ListenAddress],
        unixSocketMode: UInt32 = 0o660,
        telemetryPath: String,
        webConfigurationPath: String? = nil,
        maximumScrapes: Int,
        collectConnections: Int,
        maximumAbandonedCalls: Int = 10,
        collectTimeout: Duration,
        collectMaximumAge: Duration,
        memoryStatsPeriod: UInt32,
        collectors: Set<MetricCollector> = Set(MetricCollector.allCases)
    ) {
        self.libvirtURI = libvirtURI
        self.listenAddresses = listenAddresses
        self.unixSocketMode = unixSocketMode
        self.telemetryPath = telemetryPath
        self.webConfigurationPath = webConfigurationPath
        self.maximumScrapes = maximumScrapes
        self.collectConnections = collectConnections
        self.maximumAbandonedCalls = maximumAbandonedCalls
        self.collectTimeout = collectTimeout
        self.collectMaximumAge = collectMaximumAge
        self.memoryStatsPeriod = memoryStatsPeriod
        self.collectors = collectors
    }
}
