import MetricsHTTP
import Synchronization

/// How many scrapes may be answered at a time, all in all and for one client network, so that no network keeps the
/// others out.
final class ScrapeSlots: Sendable {
    /// The right to have one scrape answered. It is given back when nobody holds on to it any more.
    final class Slot: Sendable {
        private let slots: ScrapeSlots
        private let network: ClientNetwork

        fileprivate init(_ slots: ScrapeSlots, _ network: ClientNetwork) {
            self.slots = slots
            self.network = network
        }

        deinit {
            slots.giveBack(network)
        }
    }

    let bound: Int
    /// Half of them, or the only one. Clients of this host by a Unix socket, a proxy for one, may have them all.
    let boundOfNetwork: Int
    private let taken = Mutex<[ClientNetwork: Int]>([:])

    init(_ bound: Int) {
        self.bound = bound
        boundOfNetwork = max(1, bound / 2)
    }

    /// A slot for a client of that network, or nil if too many are taken.
    func take(for network: ClientNetwork) -> Slot? {
        let isFree = taken.withLock { taken in
            let ofNetwork = taken[network, default: 0]
            let mayHave = network == .local ? bound : boundOfNetwork
            guard ofNetwork < mayHave, taken.values.reduce(0, +) < bound else { return false }
            taken[network] = ofNetwork + 1
            return true
        }
        return isFree ? Slot(self, network) : nil
    }

    private func giveBack(_ network: ClientNetwork) {
        taken.withLock { taken in
            let left = taken[network, default: 1] - 1
            taken[network] = left > 0 ? left : nil
        }
    }
}
