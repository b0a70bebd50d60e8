import Hypervisor

/// One domain in full for a terminal, with what each figure is and what to do.
package enum GuestDetails {
    /// The text, for people.
    package static func text(_ guest: GuestSummary, _ style: TerminalStyle) -> String {
        var lines = [TerminalText("\(guest.id.name)  \(guest.id.uuid)").text]
        if let name = guest.instanceName { lines.append(TerminalText("instance \(name)").text) }
        lines.append("")

        func line(_ name: String, _ value: String, _ meaning: String) {
            lines.append(
                "  " + TerminalText(name).padded(to: 13, style)
                    + TerminalText(GuestTable.plain(value, style), isRightAligned: true).padded(to: 10, style)
                    + (meaning.isEmpty ? "" : "  \(meaning)")
            )
        }
        line("state", guest.state.map { "\($0)" } ?? "–", "")
        line("statistics", guest.status?.rawValue ?? "unknown", guest.reason ?? "")
        line(
            "updated",
            guest.age == nil ? "never" : ReadableFigures.age(guest.age),
            (guest.age == nil ? "" : "ago; ") + (guest.period.map { "it is asked every \($0) s" } ?? "nobody asks it")
        )
        lines += ["", "As the guest's kernel says:"]
        line("total", ReadableFigures.bytes(guest.total), "MemTotal")
        line("used", ReadableFigures.bytes(guest.used), "MemTotal less MemAvailable")
        line(
            "usable",
            ReadableFigures.bytes(guest.usable),
            guest.usableShare == nil
                ? "MemAvailable"
                : "MemAvailable  \(GuestTable.bar(guest.usableShare, style))  \(ReadableFigures.percent(guest.usableShare))"
        )
        line("unused", ReadableFigures.bytes(guest.unused), "MemFree")
        line("disk caches", ReadableFigures.bytes(guest.diskCaches), "Buffers, Cached and SwapCached")
        line("swapped in", ReadableFigures.bytes(guest.swapIn), "since it booted")
        line("swapped out", ReadableFigures.bytes(guest.swapOut), "since it booted")
        line("major faults", guest.majorFaults.map { "\($0)" } ?? "–", "since it booted")
        line("all faults", guest.minorFaults.map { "\($0)" } ?? "–", "since it booted")
        lines += ["", "As the host sees it:"]
        line("maximum", ReadableFigures.bytes(guest.maximum), "what the domain may be given")
        line("balloon", ReadableFigures.bytes(guest.balloon), "what the guest holds of it")
        line("rss", ReadableFigures.bytes(guest.rss), "what its process holds of the host's memory")
        if let advice = guest.status?.advice {
            lines += ["", "What to do:"] + wrapped(advice, at: 100).map { "  \($0)" }
        }
        return lines.map { line in
            String(line.reversed().drop { $0 == " " }.reversed()) + "\n"
        }.joined()
    }

    private static func wrapped(_ text: String, at columns: Int) -> [String] {
        text.split(separator: " ").reduce(into: [String]()) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append(String(word))
            }
        }
    }
}
