import Hypervisor
import Testing
import XML

@testable import ExporterService

@Suite struct PagesTests {
    private func page(_ domains: [DomainSample], isUp: Bool = true, refreshes: Bool = true) -> String {
        GuestPage.html(guestSnapshot(domains, isUp: isUp), telemetryPath: "/a\"b", refreshes: refreshes)
    }

    /// A document that libxml2 takes as XML: every element closed, every attribute quoted, nothing unescaped.
    private func parsed(_ html: String) throws -> XMLElement {
        let body = try #require(html.range(of: "<body>"))
        return try XMLElement(parsing: "<body>" + html[body.upperBound...].replacing("</html>", with: ""))
    }

    @Test(arguments: [0, 1, 8, 500])
    func anyNumberOfDomainsIsAWellFormedPage(count: Int) throws {
        let html = page((0..<count).map { guestSample("guest \($0)", usable: UInt64($0) * 1000) })
        let body = try parsed(html)
        let rows = body.child("table")?.child("tbody")?.children ?? []
        #expect(rows.count == count)
        #expect((count == 0) == html.contains("No domain is active on this host."))
    }

    @Test func whatADomainIsCalledIsTextAndNothingElse() throws {
        let name = #"<script>alert("x")</script> & 'y' <img src=x onerror=alert(1)>"#
        let html = page([guestSample(name, instance: name)])
        #expect(!html.contains("<script"))
        #expect(!html.contains("<img"))
        let cell = try #require(try parsed(html).child("table")?.child("tbody")?.child("tr")?.child("td"))
        #expect(cell.text == name)
        #expect(cell.child("small")?.text == name)
    }

    @Test func aGuestWithoutFiguresComesWithTheReasonAndAnAdvice() throws {
        let html = page([guestSample("guest", usable: nil, status: .noValues)])
        #expect(html.contains(#"href="/help#no_values""#))
        #expect(html.contains(HTMLPage.escaped(StatisticsStatus.noValues.reason)))
        #expect(html.contains("1 active domain. Without fresh figures: 1."))
    }

    @Test func whereLibvirtIsAwayThePageSaysSo() {
        #expect(page([], isUp: false).contains("libvirt does not answer."))
    }

    @Test func thePageIsLoadedAnewUnlessNobodyWantsIt() {
        #expect(page([]).contains(#"<meta http-equiv="refresh" content="10">"#))
        #expect(!page([], refreshes: false).contains("http-equiv"))
    }

    @Test func theLinkToTheMetricsIsEscaped() {
        #expect(page([]).contains(#"href="/a&quot;b""#))
    }

    @Test(arguments: StatisticsStatus.allCases)
    func everyStatusHasAPlaceOnThePageOfMeanings(status: StatisticsStatus) throws {
        _ = try parsed(HelpPage.html())
        #expect(HelpPage.html().contains("id=\"\(status.rawValue)\""))
    }

    @Test func everyMetricIsOnThePageOfMeanings() {
        for metric in MetricCatalogue.groups.flatMap(\.metrics) {
            #expect(HelpPage.html().contains("<code>\(metric.description.name)</code>"))
        }
    }
}
