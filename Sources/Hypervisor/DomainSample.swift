/// What one collection found of one domain; what is not known is nil.
package struct DomainSample: Sendable {
    /// The domain.
    package let id: DomainID
    /// Its state.
    package var state: DomainState?
    /// What the hypervisor knows of it.
    package var info: DomainInfo?
    /// What its guest and its balloon reported.
    package var statistics: BalloonStatistics?
    /// What the inventory knows of it.
    package var known: KnownDomain
    /// What keeps the hypervisor from answering about the domain; nil where it answers.
    package var obstacle: Obstacle?
    /// Why its statistics are what they are; nil where nothing is known.
    package var status: StatisticsStatus?

    /// A domain of which nothing was found yet.
    package init(id: DomainID, known: KnownDomain) {
        self.id = id
        self.known = known
    }
}

/// What keeps the hypervisor from answering about one domain.
package enum Obstacle: Hashable, Sendable {
    /// Its monitor has not answered for so long.
    case monitor(Duration)
    /// The hypervisor has been at work on the domain for so long: a start, a destroy, a hook script.
    case hypervisor(Duration)
    /// Another client's job, or one of the hypervisor's own, held the domain at each attempt.
    case job
}
