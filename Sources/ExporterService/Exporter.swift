import Exposition
import GuestMemory
import HTTPTypes
import MetricsHTTP

/// Answers requests: which page, which format, and how long there is for it.
struct Exporter: Sendable {
    let collector: Collector
    let tally: Tally
    let leftBehind: LeftBehindCalls
    let requests: RequestCounts
    let configuration: ExporterConfiguration

    func answer(_ request: HTTPRequest) async -> HTTPReply {
        switch request.target.path {
        case configuration.telemetryPath: await metrics(request)
        case "/": landingPage()
        case "/-/healthy": .plainText(.ok, "libvirt-memory-exporter is healthy.")
        case "/-/ready": .plainText(.ok, "libvirt-memory-exporter is ready.")
        default: .plainText(.notFound, "There is nothing here. The metrics are at \(configuration.telemetryPath)")
        }
    }

    private func metrics(_ request: HTTPRequest) async -> HTTPReply {
        let reply = await requests.scrape(atMost: configuration.maximumScrapes) {
            let snapshot = await collector.snapshot(within: timeout(of: request))
            let readings = Readings(
                snapshot: snapshot,
                tally: tally.counts,
                callsLeftBehind: leftBehind.count,
                httpRequests: requests.answered,
                process: .ofThisProcess()
            )
            return encode(MetricCatalogue.families(readings), for: request)
        }
        guard let reply else {
            var refusal = HTTPReply.plainText(
                .serviceUnavailable,
                "\(configuration.maximumScrapes) scrapes are under way already; try again later."
            )
            refusal.fields[.retryAfter] = "1"
            return refusal
        }
        return reply
    }

    private func encode(_ families: some Sequence<MetricFamily>, for request: HTTPRequest) -> HTTPReply {
        let format = ExpositionFormat.negotiated(accept: request.headerFields[.accept])
        var reply = HTTPReply(
            status: .ok,
            fields: [.contentType: format.contentType, .vary: "Accept, Accept-Encoding", .cacheControl: "no-store"],
            body: format.encode(families)
        )
        if acceptsGzip(request.headerFields[.acceptEncoding]), let compressed = gzip(reply.body) {
            reply.fields[.contentEncoding] = "gzip"
            reply.body = compressed
        }
        return reply
    }

    /// How long this scrape may take: the configured time, or less where Prometheus itself gives up sooner.
    private func timeout(of request: HTTPRequest) -> Duration {
        guard let seconds = request.headerFields[.scrapeTimeout].flatMap(Double.init), seconds > 0, seconds.isFinite
        else {
            return configuration.collectTimeout
        }
        // Half a second for rendering and the way back; of a very short time half.
        return min(configuration.collectTimeout, .seconds(max(seconds - 0.5, seconds / 2)))
    }
}

extension HTTPField.Name {
    /// What Prometheus sends with each scrape: its timeout in seconds.
    fileprivate static let scrapeTimeout = HTTPField.Name("X-Prometheus-Scrape-Timeout-Seconds")!
}
