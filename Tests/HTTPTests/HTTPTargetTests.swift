import Testing

@testable import HTTP

@Suite struct HTTPTargetTests {
    @Test func theQueryBeginsAtTheFirstQuestionMark() {
        let target = HTTPTarget("/metrics?a=b?c")
        #expect(target.path == "/metrics")
        #expect(target.query == "a=b?c")
    }

    @Test func aQuestionMarkBeforeACombiningAccentEndsThePath() {
        let target = HTTPTarget("/metrics?\u{301}=a")
        #expect(target.path == "/metrics")
        #expect(target.queryValues(named: "\u{301}") == ["a"])
    }

    @Test func aTargetWithoutAQuestionMarkHasNoQuery() {
        #expect(HTTPTarget("/metrics").query == nil)
        #expect(HTTPTarget("/metrics").queryItems.isEmpty)
        #expect(HTTPTarget("/metrics?").query == "")
        #expect(HTTPTarget("/metrics?").queryItems.isEmpty)
    }

    @Test func repeatedItemsKeepTheirOrder() {
        let target = HTTPTarget("/metrics?collect[]=b&x=1&collect%5B%5D=a")
        #expect(target.queryValues(named: "collect[]") == ["b", "a"])
        #expect(target.queryValues(named: "x") == ["1"])
        #expect(target.queryValues(named: "y") == [])
    }

    @Test func itemsAreDecodedAsAForm() {
        let items = HTTPTarget("/?a+b=c%2Bd%20e&flag&=v&&n=%E2%82%AC%ff&k=1=2").queryItems
        #expect(items.map(\.name) == ["a b", "flag", "", "n", "k"])
        #expect(items.map(\.value) == ["c+d e", "", "v", "€\u{FFFD}", "1=2"])
    }
}
