import Collection
import Exposition
import HTTP
import HTTPTypes
import Hypervisor

/// Answers requests: which page, which format, and how long there is for it.
struct Exporter: Sendable {
    let observer: HypervisorObserver
    let requests: RequestCounts
    let configuration: ExporterConfiguration
    let slots: ReplySlots
    let renderer = Renderer()

    init(observer: HypervisorObserver, requests: RequestCounts, configuration: ExporterConfiguration) {
        self.observer = observer
        self.requests = requests
        self.configuration = configuration
        slots = ReplySlots(bound: configuration.maximumScrapes)
    }

    func answer(_ request: HTTPRequest) async -> HTTPReply {
        switch request.target.path {
        case configuration.telemetryPath: await metrics(request)
        case "/": await guestPage(request)
        case "/help": html(HelpPage.html())
        case "/-/healthy": .plainText(.ok, "libvirt-memory-exporter is healthy.")
        case "/-/ready": .plainText(.ok, "libvirt-memory-exporter is ready.")
        default: .plainText(.notFound, "There is nothing here. The metrics are at \(configuration.telemetryPath)")
        }
    }

    private func metrics(_ request: HTTPRequest) async -> HTTPReply {
        let collectors: Set<MetricCollector>
        do {
            collectors = try MetricCollector.chosen(
                collect: request.target.queryValues(named: "collect[]"),
                exclude: request.target.queryValues(named: "exclude[]"),
                of: configuration.collectors
            )
        } catch {
            return .plainText(.badRequest, "\(error)")
        }
        return await withSnapshot(of: needs(of: collectors), for: request) { snapshot in
            let readings = Readings(
                snapshot: snapshot,
                calls: observer.budget.counts,
                callLimit: observer.budget.bound,
                httpRequests: requests.answered,
                process: .ofThisProcess(),
                domains: await renderer.labelledDomains(of: snapshot)
            )
            return await render(readings, of: collectors, for: request)
        }
    }

    private func guestPage(_ request: HTTPRequest) async -> HTTPReply {
        let refreshes = request.target.queryValues(named: "refresh").last != "off"
        return await withSnapshot(of: [.info, .statistics], for: request) { snapshot in
            html(GuestPage.html(snapshot, telemetryPath: configuration.telemetryPath, refreshes: refreshes))
        }
    }

    private func html(_ page: String) -> HTTPReply {
        HTTPReply(
            status: .ok,
            fields: [
                .contentType: "text/html; charset=utf-8", .xContentTypeOptions: "nosniff", .cacheControl: "no-store",
                .contentSecurityPolicy: HTMLPage.contentSecurityPolicy,
            ],
            body: Array(page.utf8)
        )
    }

    /// Answers with the result of a collection, or 503 at the bound of scrapes. A scrape counts until its client has the
    /// answer, which takes up memory until then.
    private func withSnapshot(
        of needs: Needs,
        for request: HTTPRequest,
        _ reply: (Snapshot) async -> HTTPReply
    ) async -> HTTPReply {
        guard let slot = slots.take() else {
            return .plainText(
                .serviceUnavailable,
                "Too many scrapes are under way: \(slots.bound). Try again later.",
                retryAfter: .seconds(1)
            )
        }
        var reply = await reply(await observer.collection.snapshot(of: needs, within: timeout(of: request)))
        reply.slot = slot
        return reply
    }

    private func render(
        _ readings: Readings,
        of collectors: Set<MetricCollector>,
        for request: HTTPRequest
    ) async -> HTTPReply {
        let format = ExpositionFormat.negotiated(accept: request.headerFields[.accept])
        var reply = HTTPReply(
            status: .ok,
            fields: [.contentType: format.contentType, .vary: "Accept, Accept-Encoding", .cacheControl: "no-store"]
        )
        if acceptsGzip(request.headerFields[.acceptEncoding]) {
            reply.fields[.contentEncoding] = "gzip"
            reply.bodyPieces = await renderer.compressed(readings, of: collectors, in: format)
        } else {
            reply.bodyPieces = await renderer.plain(readings, of: collectors, in: format)
        }
        return reply
    }

    private func needs(of collectors: Set<MetricCollector>) -> Needs {
        collectors.reduce(into: []) { $0.formUnion($1.needs) }
    }

    /// How long this client waits: the configured time, or less where Prometheus itself gives up sooner. It shortens no
    /// collection: those are shared.
    private func timeout(of request: HTTPRequest) -> Duration {
        guard let seconds = request.headerFields[.scrapeTimeout].flatMap(Double.init), seconds > 0 else {
            return configuration.collectTimeout
        }
        // What a client sends may be more than a duration can hold. Half a second is for rendering and the way back.
        let bounded = min(seconds, 1_000_000)
        let wanted = Duration.seconds(max(bounded - 0.5, bounded / 2))
        return min(configuration.collectTimeout, wanted)
    }
}

extension HTTPField.Name {
    /// What Prometheus sends with each scrape: its timeout in seconds.
    fileprivate static let scrapeTimeout = HTTPField.Name("X-Prometheus-Scrape-Timeout-Seconds")!
}
