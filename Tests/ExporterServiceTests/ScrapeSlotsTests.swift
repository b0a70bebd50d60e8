import Testing

@testable import ExporterService
@testable import MetricsHTTP

@Suite struct ScrapeSlotsTests {
    private func network(_ last: UInt8) -> ClientNetwork {
        ClientNetwork(ipv6: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 192, 0, 2, last])
    }

    @Test func aNetworkHasHalfOfThemAndAProxyOfThisHostAll() {
        let slots = ScrapeSlots(4)
        do {
            let first = (slots.take(for: network(1)), slots.take(for: network(1)))
            #expect(first.0 != nil && first.1 != nil)
            #expect(slots.take(for: network(1)) == nil)
            let others = (slots.take(for: network(2)), slots.take(for: .local))
            #expect(others.0 != nil && others.1 != nil)
            #expect(slots.take(for: network(3)) == nil)
            #expect(slots.take(for: .local) == nil)
            withExtendedLifetime((first, others)) {}
        }
        let ofProxy = (0..<4).map { _ in slots.take(for: .local) }
        #expect(ofProxy.allSatisfy { $0 != nil })
        #expect(slots.take(for: .local) == nil)
        withExtendedLifetime(ofProxy) {}
    }

    @Test func oneIsGivenBackWhenNobodyHoldsOnToIt() {
        let slots = ScrapeSlots(1)
        for _ in 0..<3 {
            let slot = slots.take(for: network(1))
            #expect(slot != nil)
            #expect(slots.take(for: network(1)) == nil)
            withExtendedLifetime(slot) {}
        }
    }
}
