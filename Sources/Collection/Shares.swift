import Hypervisor

/// Some domains that are asked for by one call on one session.
struct Share: Hashable, Sendable {
    /// The session that the domains stay with: it has their handles.
    let slot: Int
    var domains: [DomainUUID]
    /// How often other clients kept these domains from being asked in this collection.
    var passedOver = 0
    /// Whether the session was lost under the first attempt.
    var isRepeated = false
}

extension Share {
    /// A frozen guest holds up the call of its share: the more domains, the more have to be asked again.
    private static let largest = 16
    /// For fewer domains a further session is not worth its place among libvirtd's clients.
    private static let domainsForSession = 8

    /// How many sessions so many domains are worth.
    static func sessions(for domains: Int, atMost bound: Int) -> Int {
        max(1, min(bound, domains / domainsForSession))
    }

    /// Cuts the domains into shares of nearly equal size, for as many sessions; each domain stays with its session while
    /// the domains stay the same.
    ///
    /// - Parameter domains: in an order that does not change.
    static func cut(_ domains: [DomainUUID], forSessions sessions: Int) -> [Share] {
        func pieces(_ domains: ArraySlice<DomainUUID>, _ count: Int) -> [ArraySlice<DomainUUID>] {
            (0..<count).map { index in
                let start = domains.startIndex
                return domains[
                    (start + index * domains.count / count)..<(start + (index + 1) * domains.count / count)
                ]
            }
        }
        return pieces(domains[...], sessions).enumerated().flatMap { slot, part in
            pieces(part, (part.count + largest - 1) / largest).map { Share(slot: slot, domains: Array($0)) }
        }
    }
}
