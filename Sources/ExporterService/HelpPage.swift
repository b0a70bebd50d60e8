import Hypervisor

/// The page at `/help`: what the statuses and the metrics mean, made of the same words as everything else.
enum HelpPage {
    /// The document.
    static func html() -> String {
        HTMLPage.document(
            title: "What guest memory means",
            body: """
                <h1>What it all means</h1>
                <nav><a href="/">Guest memory</a></nav>
                <h2>The figures</h2>
                <p>A guest's kernel counts its own memory. <strong>Total</strong> is its MemTotal, <strong>usable</strong> \
                its MemAvailable: what it can still use without swapping. <strong>Used</strong> is the difference. \
                <strong>Balloon</strong> is what the hypervisor leaves the guest, and <strong>RSS</strong> what the guest's \
                process holds of the host's memory; neither says what the guest uses.</p>
                <h2>The statuses</h2>
                <table><tbody>
                \(StatisticsStatus.allCases.map(row).joined(separator: "\n"))
                </tbody></table>
                <h2>The metrics</h2>
                <table><tbody>
                \(MetricCatalogue.groups.flatMap(\.metrics).map(row).joined(separator: "\n"))
                </tbody></table>
                """
        )
    }

    private static func row(_ status: StatisticsStatus) -> String {
        """
        <tr id="\(status.rawValue)"><td class="share"><code>\(status.rawValue)</code></td>\
        <td>\(HTMLPage.escaped(status.reason))\
        \(status.advice.map { "<span class=\"dim\">\(HTMLPage.escaped($0))</span>" } ?? "")</td></tr>
        """
    }

    private static func row(_ metric: Metric) -> String {
        let description = metric.description
        let labels = metric.labels.isEmpty ? "" : "{\(metric.labels.joined(separator: ", "))}"
        return """
            <tr><td><code>\(description.name)</code><span class="dim">\(description.kind) \(labels)</span></td>\
            <td>\(HTMLPage.escaped(description.help))</td></tr>
            """
    }
}
