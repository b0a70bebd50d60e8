import MetricsHTTP

/// What an operator may set.
public struct ExporterConfiguration: Sendable {
    /// The hypervisor's address in libvirt (libvirt.org/uri.html).
    public var libvirtURI: String
    /// Where to listen.
    public var listenAddresses: [ListenAddress]
    /// The permissions of Unix sockets among them.
    public var unixSocketMode: UInt32
    /// The path of the metrics.
    public var telemetryPath: String
    /// How many scrapes are answered at a time; more are refused with 503.
    public var maximumScrapes: Int
    /// The longest that a collection may take.
    public var collectTimeout: Duration
    /// A collection younger than this is used again by another scrape.
    public var collectMaximumAge: Duration
    /// The statistics period, in seconds, for domains that have none; 0 leaves them alone.
    public var memoryStatsPeriod: UInt32
    /// Which groups of metrics are served.
    public var collectors: Set<MetricCollector>

    /// A configuration of these values.
    public init(
        libvirtURI: String,
        listenAddresses: [ListenAddress],
        unixSocketMode: UInt32 = 0o660,
        telemetryPath: String,
        maximumScrapes: Int,
        collectTimeout: Duration,
        collectMaximumAge: Duration,
        memoryStatsPeriod: UInt32,
        collectors: Set<MetricCollector> = Set(MetricCollector.allCases)
    ) {
        self.libvirtURI = libvirtURI
        self.listenAddresses = listenAddresses
        self.unixSocketMode = unixSocketMode
        self.telemetryPath = telemetryPath
        self.maximumScrapes = maximumScrapes
        self.collectTimeout = collectTimeout
        self.collectMaximumAge = collectMaximumAge
        self.memoryStatsPeriod = memoryStatsPeriod
        self.collectors = collectors
    }
}
