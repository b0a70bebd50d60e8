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
    /// Half of them, or the only one.
    let boundOfNetwork: Int
    private let shares: Mutex<FairShares>

    init(_ bound: Int) {
        self.bound = bound
        boundOfNetwork = max(1, bound / 2)
        shares = Mutex(FairShares(bound: bound, ofNetwork: boundOfNetwork))
    }

    /// A slot for a client of that network, or nil if too many are taken.
    func take(for network: ClientNetwork) -> Slot? {
        shares.withLock { $0.take(for: network) } ? Slot(self, network) : nil
    }

    private func giveBack(_ network: ClientNetwork) {
        shares.withLock { $0.giveBack(network) }
    }
}
