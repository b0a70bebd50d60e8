import Hypervisor

/// The domains of a host as a table for a terminal.
package enum GuestTable {
    private static let barColumns = 10
    /// Names of nova's and of people are shorter; one of a generator leaves room for the figures.
    private static let nameColumns = 40

    /// The table, a line a domain.
    package static func text(_ guests: [GuestSummary], _ style: TerminalStyle) -> String {
        guard !guests.isEmpty else { return "No domain is active.\n" }
        let heads = ["NAME", "STATE", "TOTAL", "USED", "USABLE", "", "BALLOON", "RSS", "UPDATED", "STATUS"]
        let rightAligned = [false, false, true, true, true, false, true, true, true, false]
        let rows =
            [zip(heads, rightAligned).map { TerminalText($0, isRightAligned: $1) }]
            + guests.map { row($0, style) }
        let columns = heads.indices.map { column in rows.map { $0[column].width }.max() ?? 0 }
        return rows.map { row in
            var line = zip(row, columns).map { $0.padded(to: $1, style) }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    private static func row(_ guest: GuestSummary, _ style: TerminalStyle) -> [TerminalText] {
        let amount = { (bytes: UInt64?) in
            TerminalText(plain(ReadableFigures.bytes(bytes), style), isRightAligned: true)
        }
        return [
            TerminalText(guest.id.name).truncated(to: nameColumns, style),
            TerminalText(guest.state.map { "\($0)" } ?? plain("–", style)),
            amount(guest.total),
            amount(guest.used),
            TerminalText(
                plain(ReadableFigures.percent(guest.usableShare), style),
                colour(of: guest),
                isRightAligned: true
            ),
            TerminalText(bar(guest.usableShare, style), colour(of: guest)),
            amount(guest.balloon),
            amount(guest.rss),
            TerminalText(plain(ReadableFigures.age(guest.age), style), isRightAligned: true),
            TerminalText(status(guest), guest.status == .ok ? nil : .yellow),
        ]
    }

    /// The status, with the reason where there is one to give.
    static func status(_ guest: GuestSummary) -> String {
        switch guest.status {
        case nil: "unknown"
        case .ok: "ok"
        case .some(let status): "\(status.rawValue): \(guest.reason ?? status.reason)"
        }
    }

    /// A bar of the usable share; a guest with anything left has at least one mark.
    static func bar(_ share: Double?, _ style: TerminalStyle) -> String {
        guard let share else { return "" }
        let marks = share > 0 ? max(1, Int((share * Double(barColumns)).rounded())) : 0
        return String(repeating: style.hasUnicode ? "█" : "#", count: marks)
            + String(repeating: style.hasUnicode ? "░" : ".", count: barColumns - marks)
    }

    /// The text for a terminal that may show no more than ASCII.
    static func plain(_ text: String, _ style: TerminalStyle) -> String {
        style.hasUnicode ? text : text == "–" ? "-" : text
    }

    /// A colour says how short a guest is now; none for one whose figures are of some time ago.
    private static func colour(of guest: GuestSummary) -> TerminalText.Colour? {
        guard guest.hasFreshFigures else { return nil }
        return guest.usableShare.map { share in
            switch UsableLevel(share: share) {
            case .critical: .red
            case .low: .yellow
            case .enough: .green
            }
        }
    }
}

/// How urgent a usable share is, for the eye: a table and a page show it by a colour.
enum UsableLevel: String {
    /// Below 5 per cent.
    case critical
    /// Below 10 per cent.
    case low
    case enough

    init(share: Double) {
        self = share < 0.05 ? .critical : share < 0.1 ? .low : .enough
    }
}
