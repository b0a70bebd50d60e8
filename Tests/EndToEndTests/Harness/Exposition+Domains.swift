/// The guests' memory is counted in these.
let mebibyte = 1024.0 * 1024.0

extension Exposition {
    /// The value of `libvirt_domain_…` of a guest.
    func domain(_ series: String, _ guest: some LibvirtDomain) throws -> Double? {
        try value("libvirt_domain_\(series)", ["domain": guest.name, "uuid": guest.uuid])
    }

    /// The value of `libvirt_domain_memory_stats_…` of a guest.
    func memory(_ series: String, _ guest: some LibvirtDomain) throws -> Double? {
        try domain("memory_stats_\(series)", guest)
    }

    /// The states that the guest is said to be in: of a state set, one is 1 and the others 0.
    func states(of guest: some LibvirtDomain) -> [String] {
        samples("libvirt_domain_state", ["domain": guest.name, "uuid": guest.uuid]).filter { $0.value == 1 }
            .compactMap { $0.labels["state"] }
    }

    /// The status of a guest's statistics: it must have one at a time, and every other one must be there as 0.
    func status(of guest: some LibvirtDomain) throws -> String {
        let all = samples("libvirt_domain_memory_stats_status", ["domain": guest.name, "uuid": guest.uuid])
        let names = Set(all.compactMap { $0.labels["status"] })
        let held = all.filter { $0.value == 1 }.compactMap { $0.labels["status"] }
        guard held.count == 1, names == Self.statuses, all.allSatisfy({ [0, 1].contains($0.value) }) else {
            throw TestbedError("\(guest.name) does not have one status: \(all)")
        }
        return held[0]
    }

    private static let statuses: Set = [
        "ok", "stale", "no_device", "no_driver", "no_values", "no_period", "paused", "busy", "unresponsive",
        "unsupported",
    ]

    /// The names of all domains that any series is about.
    var domains: Set<String> { Set(samples.compactMap { $0.labels["domain"] }) }
}
