/// What a connection's events say of a domain.
public enum DomainEvent: Hashable, Sendable {
    /// The domain runs now, from a start or an incoming migration (VIR_DOMAIN_EVENT_STARTED).
    case started(DomainID)
    /// The domain has ended on this host (VIR_DOMAIN_EVENT_STOPPED).
    case stopped(DomainID)
    /// Something else in the domain's life: defined, undefined, renamed, suspended, resumed, crashed.
    case changed(DomainID)
}
