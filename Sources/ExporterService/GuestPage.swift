import Hypervisor

/// The page at `/`: every guest of the host with what it has left, or why nobody knows.
enum GuestPage {
    /// How often the page is loaded anew.
    static let refreshSeconds = 10

    /// The document.
    ///
    /// - Parameters:
    ///   - telemetryPath: the path of the metrics.
    ///   - refreshes: whether the browser is to load it anew by itself.
    static func html(_ snapshot: Snapshot, telemetryPath: String, refreshes: Bool) -> String {
        let guests = GuestSummary.all(in: snapshot)
        return HTMLPage.document(
            title: "Guest memory",
            refreshSeconds: refreshes ? refreshSeconds : nil,
            body: """
                <h1>Guest memory</h1>
                <nav><a href="\(HTMLPage.escaped(telemetryPath))">Metrics</a><a href="/help">What it all means</a>\
                \(refreshes
                    ? "<a href=\"/?refresh=off\">Stop refreshing</a>"
                    : "<a href=\"/\">Refresh every \(refreshSeconds) s</a>")</nav>
                <p class="note">\(introduction(snapshot, guests))</p>
                \(guests.isEmpty ? "" : table(guests))
                <footer>libvirt-memory-exporter \(HTMLPage.escaped(exporterVersion))</footer>
                """
        )
    }

    private static func introduction(_ snapshot: Snapshot, _ guests: [GuestSummary]) -> String {
        guard snapshot.isUp else {
            return
                "<strong class=\"down\">libvirt does not answer.</strong> It is tried again until it does; the log says why."
        }
        guard !guests.isEmpty else { return "No domain is active on this host." }
        let unknown = guests.count { !$0.hasFreshFigures }
        let domains =
            guests.count == 1 ? "1 active domain" : "\(guests.count) active domains, the least usable share first"
        return unknown == 0 ? "\(domains)." : "\(domains). Without fresh figures: \(unknown)."
    }

    private static func table(_ guests: [GuestSummary]) -> String {
        """
        <table class="guests">
        <thead><tr><th>Domain</th><th>State</th><th class="number">Total</th><th class="number">Used</th>\
        <th>Usable</th><th class="number">Balloon</th><th class="number">RSS</th><th class="number">Updated</th>\
        <th>Statistics</th></tr></thead>
        <tbody>
        \(guests.map(row).joined(separator: "\n"))
        </tbody>
        </table>
        """
    }

    private static func row(_ guest: GuestSummary) -> String {
        func number(_ label: String, _ value: String) -> String {
            "<td class=\"number\" data-label=\"\(label)\">\(value)</td>"
        }
        return """
            <tr><td class="name">\(HTMLPage.escaped(guest.id.name))\
            \(guest.instanceName.map { "<small>\(HTMLPage.escaped($0))</small>" } ?? "")</td>\
            <td data-label="State">\(guest.state.map { "\($0)" } ?? "–")</td>\
            \(number("Total", ReadableFigures.bytes(guest.total)))\
            \(number("Used", ReadableFigures.bytes(guest.used)))\
            <td class="wide share" data-label="Usable">\(usable(guest))</td>\
            \(number("Balloon", ReadableFigures.bytes(guest.balloon)))\
            \(number("RSS", ReadableFigures.bytes(guest.rss)))\
            \(number("Updated", guest.age == nil ? "–" : ReadableFigures.age(guest.age) + " ago"))\
            <td class="wide reason" data-label="Statistics">\(status(guest))</td></tr>
            """
    }

    private static func usable(_ guest: GuestSummary) -> String {
        guard let share = guest.usableShare else { return ReadableFigures.bytes(guest.usable) }
        return """
            \(ReadableFigures.bytes(guest.usable)) · \(ReadableFigures.percent(share))\
            <span class="bar \(guest.hasFreshFigures ? UsableLevel(share: share).rawValue : "old")"><i style="width:\(Int((share * 100).rounded()))%"></i></span>
            """
    }

    private static func status(_ guest: GuestSummary) -> String {
        guard let status = guest.status else { return "<span class=\"status\">unknown</span>" }
        let level = status == .ok ? "ok" : status == .unresponsive ? "unresponsive" : "fault"
        guard let advice = status.advice else { return "<span class=\"status \(level)\">\(status.rawValue)</span>" }
        return """
            <a class="status \(level)" href="/help#\(status.rawValue)">\(status.rawValue)</a> \(HTMLPage.escaped(guest.reason ?? ""))\
            <details><summary>What to do</summary>\(HTMLPage.escaped(advice))</details>
            """
    }
}
