import Testing

@testable import MetricsHTTP

@Suite struct RecentSetTests {
    @Test func theOldestGoFirst() {
        var set = RecentSet<Int>(capacity: 3)
        for element in [1, 2, 3, 1, 4] { set.insert(element) }
        #expect((1...4).map(set.contains) == [false, true, true, true])
        for element in 5...100 { set.insert(element) }
        #expect((1...100).filter(set.contains) == [98, 99, 100])
    }
}
