import Testing

@testable import MetricsHTTP

@Suite struct FairQueueTests {
    @Test func clientsTakeTurns() {
        var queue = FairQueue<String, Int>(capacity: 10, capacityPerClient: 5)
        for (element, client) in [(1, "a"), (2, "a"), (3, "a"), (4, "a"), (5, "a"), (6, "b"), (7, "c"), (8, "b")] {
            _ = queue.append(element, of: client)
        }
        #expect(queue.count == 8)
        #expect(queue.removeAll() == [1, 6, 7, 2, 8, 3, 4, 5])
    }

    @Test func aClientHasOnlySoManyPlaces() {
        var queue = FairQueue<String, Int>(capacity: 10, capacityPerClient: 2)
        _ = queue.append(1, of: "a")
        _ = queue.append(2, of: "a")
        guard case .tooManyOfTheClient = queue.append(3, of: "a") else {
            Issue.record("a third has a place")
            return
        }
        let first = queue.popFirst()
        _ = queue.append(4, of: "a")
        _ = queue.append(5, of: "b")
        #expect(first == 1)
        #expect(queue.removeAll() == [2, 5, 4])
    }

    @Test func inAFullQueueWhoHasMostMakesRoom() {
        var queue = FairQueue<String, Int>(capacity: 4, capacityPerClient: 4)
        for element in 1...3 { _ = queue.append(element, of: "a") }
        _ = queue.append(4, of: "b")
        guard case .queuedInPlaceOf(3) = queue.append(5, of: "c") else {
            Issue.record("the last of a stays")
            return
        }
        // Two of a, one of b, one of c: a second one of c would leave a with less.
        guard case .tooMany = queue.append(6, of: "c") else {
            Issue.record("there is room for more than four")
            return
        }
        guard case .queuedInPlaceOf(2) = queue.append(7, of: "d") else {
            Issue.record("a stays with two")
            return
        }
        guard case .tooMany = queue.append(8, of: "e") else {
            Issue.record("a client's only one is taken away")
            return
        }
        #expect(queue.removeAll() == [1, 4, 5, 7])
    }
}

extension FairQueue {
    /// Everything in its order.
    fileprivate mutating func removeAll() -> [Element] {
        var elements: [Element] = []
        while let element = popFirst() { elements.append(element) }
        return elements
    }
}
