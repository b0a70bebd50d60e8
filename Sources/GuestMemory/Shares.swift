import Libvirt

/// How the domains are cut into shares: some domains that are asked for by one call on one connection.
///
/// Whichever connection is free takes the next share, so that they all end at about the same time without anybody
/// knowing how long a domain takes; and a guest that does not answer holds up the few domains of its share alone.
enum Shares {
    /// So many domains at most are in one share.
    private static let largest = 16
    /// For fewer domains a further connection is not worth its place among libvirtd's clients.
    private static let domainsForConnection = 8

    /// How many connections so many domains are worth.
    static func connections(for domains: Int, atMost bound: Int) -> Int {
        max(1, min(bound, domains / domainsForConnection))
    }

    /// Cuts the domains into shares whose sizes differ by one at most, as many for each of the connections.
    static func cut(_ domains: [DomainUUID], for connections: Int) -> [[DomainUUID]] {
        guard !domains.isEmpty else { return [] }
        let largestRound = connections * largest
        let rounds = (domains.count + largestRound - 1) / largestRound
        let count = min(domains.count, rounds * connections)
        return (0..<count).map { index in
            Array(domains[(index * domains.count / count)..<((index + 1) * domains.count / count)])
        }
    }
}
