/// How many of something clients have, all in all and by their networks, so that no network has them all.
///
/// Clients of this host by a Unix socket are bounded by the whole alone: a proxy has everybody's.
public struct FairShares: Sendable {
    private let bound: Int
    private let boundOfNetwork: Int
    private var taken = 0
    private var takenByNetwork: [ClientNetwork: Int] = [:]

    /// - Parameters:
    ///   - bound: The most of all clients together.
    ///   - boundOfNetwork: The most of one client network.
    public init(bound: Int, ofNetwork boundOfNetwork: Int) {
        self.bound = bound
        self.boundOfNetwork = boundOfNetwork
    }

    /// Takes one for a client of that network, and says whether there was one.
    public mutating func take(for network: ClientNetwork) -> Bool {
        let ofNetwork = takenByNetwork[network, default: 0]
        guard taken < bound, network == .local || ofNetwork < boundOfNetwork else { return false }
        taken += 1
        takenByNetwork[network] = ofNetwork + 1
        return true
    }

    /// Gives back one that was taken for a client of that network.
    public mutating func giveBack(_ network: ClientNetwork) {
        taken -= 1
        let left = takenByNetwork[network, default: 1] - 1
        takenByNetwork[network] = left > 0 ? left : nil
    }
}
