/// What a connection's events say of a domain.
package struct DomainEvent: Hashable, Sendable {
    /// The kinds of event.
    package enum Kind: Hashable, Sendable {
        /// The domain runs now, from a start or an incoming migration (VIR_DOMAIN_EVENT_STARTED).
        case started
        /// The domain has ended on this host (VIR_DOMAIN_EVENT_STOPPED).
        case stopped
        /// The domain was removed from libvirt (VIR_DOMAIN_EVENT_UNDEFINED); it may run on.
        case undefined
        /// Something else in the domain's life: defined, renamed, suspended, resumed, crashed.
        case changed
        /// The guest rebooted (VIR_DOMAIN_EVENT_ID_REBOOT).
        case rebooted
        /// The balloon has another size (VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE); about one a second while it moves.
        case balloonChanged
        /// The title, the description or a metadata element changed (VIR_DOMAIN_EVENT_ID_METADATA_CHANGE).
        case metadataChanged
        /// The host's hardware lost a page of memory (VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE).
        case memoryFailed(MemoryFailure)
        /// A memory device, as virtio-mem, has another size (VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE).
        case memoryDeviceResized
    }

    /// The domain.
    package let domain: DomainID
    /// What happened.
    package let kind: Kind

    /// An event of this kind.
    package init(_ kind: Kind, of domain: DomainID) {
        self.kind = kind
        self.domain = domain
    }
}

/// Whose memory was lost by a failure of the host's hardware, and what was done.
package struct MemoryFailure: Hashable, Sendable {
    /// Whose memory it was (virDomainMemoryFailureRecipientType): `hypervisor` or `guest`.
    package let recipient: String
    /// What was done (virDomainMemoryFailureActionType): `ignore`, `inject`, `fatal` or `reset`.
    package let action: String

    /// A failure.
    package init(recipient: String, action: String) {
        self.recipient = recipient
        self.action = action
    }
}
