import Collection
import Exposition
import HTTP
import HTTPTypes
import LibvirtHypervisor
import Logging
import Testing

@testable import ExporterService

/// The pages, on libvirt's own test driver; real guests and sockets are in the end-to-end tests.
@Suite struct ExporterTests {
    private func exporter(maximumScrapes: Int = 40) -> Exporter {
        Exporter(
            observer: HypervisorObserver(
                LibvirtHypervisor(uri: "test:///default"),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            ),
            requests: RequestCounts(),
            configuration: ExporterConfiguration(
                libvirtURI: "test:///default",
                listenAddresses: [],
                telemetryPath: "/metrics",
                maximumScrapes: maximumScrapes,
                collectConnections: 1,
                collectTimeout: .seconds(10),
                collectMaximumAge: .zero,
                memoryStatsPeriod: 0
            )
        )
    }

    private func get(_ path: String, _ fields: HTTPFields = [:], from exporter: Exporter) async -> HTTPReply {
        await exporter.answer(
            HTTPRequest(method: .get, scheme: "http", authority: "host", path: path, headerFields: fields)
        )
    }

    @Test(arguments: [
        ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"), ("/metrics?a=b", 200, nil),
        ("/", 200, "text/html; charset=utf-8"), ("/-/healthy", 200, "text/plain; charset=utf-8"),
        ("/help", 200, "text/html; charset=utf-8"), ("/?refresh=off", 200, nil),
        ("/-/ready", 200, "text/plain; charset=utf-8"), ("/metrics/", 404, nil), ("/favicon.ico", 404, nil),
        ("/..", 404, nil),
    ])
    func eachPageIsWhereItShouldBe(path: String, code: Int, contentType: String?) async throws {
        let reply = await get(path, from: exporter())
        #expect(reply.status.code == code)
        #expect(!reply.body.isEmpty)
        if let contentType { #expect(reply.fields[.contentType] == contentType) }
    }

    @Test func whatIsNotThereTellsWhereTheMetricsAre() async throws {
        let reply = await get("/other", from: exporter())
        #expect(String(decoding: reply.body, as: UTF8.self).contains("/metrics"))
    }

    @Test func openMetricsComesWithItsOwnContentType() async throws {
        let reply = await get("/metrics", [.accept: "application/openmetrics-text"], from: exporter())
        #expect(reply.fields[.contentType] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(String(decoding: reply.body, as: UTF8.self).hasSuffix("\n# EOF\n"))
    }

    @Test(arguments: [
        ("collect[]=host", true, false), ("collect%5B%5D=domain&collect[]=host", true, true),
        ("exclude[]=host", false, true), ("other=1", true, true),
    ])
    func aScrapeMayChooseItsCollectors(query: String, host: Bool, domain: Bool) async throws {
        let exporter = exporter()
        let task = Task { await exporter.observer.run() }
        defer { task.cancel() }
        var body = ""
        for _ in 0..<200 where !body.contains("libvirt_up 1") {
            body = String(decoding: await get("/metrics?\(query)", from: exporter).body, as: UTF8.self)
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(body.contains("\nlibvirt_host_") == host)
        #expect(body.contains("\nlibvirt_domain_info_virtual_cpus") == domain)
    }

    @Test(arguments: [
        "0.000001", "5e-324", "0", "-1", "nan", "inf", "1e20", "1e21", "1e308", "0x1p1023", "10", "soon", "",
    ])
    func noTimeoutThatAClientNamesEndsTheProcessOrTheCollection(seconds: String) async throws {
        let exporter = exporter()
        let task = Task { await exporter.observer.run() }
        defer { task.cancel() }
        var body = ""
        for _ in 0..<200 where !body.contains("libvirt_up 1") {
            body = String(decoding: await get("/metrics", from: exporter).body, as: UTF8.self)
            try await Task.sleep(for: .milliseconds(20))
        }
        let name = try #require(HTTPField.Name("X-Prometheus-Scrape-Timeout-Seconds"))
        let reply = await get("/metrics", [name: seconds], from: exporter)
        #expect(String(decoding: reply.body, as: UTF8.self).contains("libvirt_up 1"))
        #expect(exporter.observer.budget.counts.abandoned == 0)
    }

    @Test(arguments: ["collect[]=hosts", "exclude[]=x", "collect[]=host&exclude[]=domain", "collect[]="])
    func aCollectorThatThereIsNotIsABadRequest(query: String) async {
        #expect(await get("/metrics?\(query)", from: exporter()).status == .badRequest)
    }

    @Test func gzipIsSaidInTheHead() async throws {
        let reply = await get("/metrics", [.acceptEncoding: "gzip"], from: exporter())
        #expect(reply.fields[.contentEncoding] == "gzip")
        #expect(reply.fields[.vary] == "Accept, Accept-Encoding")
        #expect(reply.body.starts(with: [0x1f, 0x8b]))
    }

    @Test(arguments: ["/metrics", "/"])
    func scrapesAboveTheBoundAreRefusedUntilTheOthersAreSent(path: String) async throws {
        let exporter = exporter(maximumScrapes: 1)
        var answered: HTTPReply? = await get(path, from: exporter)
        #expect(answered?.status == .ok)
        let refused = await get("/metrics", from: exporter)
        #expect(refused.status == .serviceUnavailable)
        #expect(refused.fields[.retryAfter] == "1")
        #expect(await get("/-/healthy", from: exporter).status == .ok)
        answered = nil
        #expect(await get("/metrics", from: exporter).status == .ok)
    }
}
