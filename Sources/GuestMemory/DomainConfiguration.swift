import Libvirt

/// What matters to reading a domain's memory figures in its live configuration (libvirt.org/formatdomain.html).
public struct DomainConfiguration: Hashable, Sendable {
    /// The memory balloon device of a domain.
    public enum Balloon: Hashable, Sendable {
        /// None (`<memballoon model='none'/>`, or a driver without balloons).
        case none
        /// One of this model, as `virtio`, `virtio-transitional` or `xen`.
        case device(model: String)
    }

    /// The balloon device.
    public let balloon: Balloon
    /// How often the hypervisor asks the guest for statistics, in seconds (`<stats period='10'/>`); nil where nobody
    /// set it.
    public var statsPeriod: UInt32?

    /// A configuration of these parts.
    public init(balloon: Balloon, statsPeriod: UInt32? = nil) {
        self.balloon = balloon
        self.statsPeriod = statsPeriod
    }

    /// Reads a `<domain>` element. What is missing or malformed in it is as if it were not there.
    public init(domain: XMLElement) {
        let memballoon = domain.child("devices")?.child("memballoon")
        let model = memballoon?.attributes["model"] ?? "none"
        balloon = model == "none" ? .none : .device(model: model)
        let period = memballoon?.child("stats")?.attributes["period"].flatMap(UInt32.init)
        statsPeriod = period == 0 ? nil : period
    }

    /// Whether the hypervisor could poll this domain's statistics, but nobody told it to.
    var lacksStatsPeriod: Bool {
        statsPeriod == nil && balloon != .none
    }
}
