import Exposition

@testable import ExporterService
@testable import Hypervisor

/// Measures a scrape's rendering on a host of so many domains, and prints a line for each way of it: its processor time,
/// the ratio of that to the reference, and the most memory that the process held, the snapshot included.
///
/// - Returns: whether the targets are met.
func printTable(of host: SyntheticHost) async -> Bool {
    let collectors = SyntheticHost.usualCollectors
    let (first, next) = (host.snapshot(afterScrapes: 1), host.snapshot(afterScrapes: 2))
    var kept = KeptLabels()
    let readings = host.readings(of: next, kept.label(next.domains))
    let bytes = ExpositionFormat.text.encode(MetricCatalogue.families(readings, of: collectors))
    let samples = bytes.split(separator: UInt8(ascii: "\n")).count { $0.starts(with: "libvirt_domain".utf8) }
    precondition(samples == host.domains.count * SyntheticHost.seriesPerDomain, "\(samples) series of the domains")

    print("\(host.domains.count) domains, \(SyntheticHost.seriesPerDomain) series each, \(bytes.count) bytes of text:")
    func row(_ title: String, _ measured: Measured, to reference: Measured?) {
        func column(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let ratio = reference.map { fixed(measured.milliseconds / $0.milliseconds) } ?? "1"
        print(
            "  \(title)\(String(repeating: " ", count: 44 - title.count))"
                + "\(column(fixed(measured.milliseconds), 10)) ms\(column(ratio, 9))"
                + "\(column("\(measured.peakBytes >> 20)", 7)) MiB"
        )
    }

    var copy = bytes
    let copying = await measured { copy.replaceSubrange(0..<copy.count, with: bytes) }
    row("copying these bytes (the reference)", copying, to: nil)
    let naive = await measured(runs: 3) { _ = naiveText(MetricCatalogue.families(readings, of: collectors)).utf8.count }
    row("text by interpolation, labels made before", naive, to: copying)

    /// Renders the snapshot; by a renderer that has rendered another one before, unless it is to be the first.
    func rendering(
        _ format: ExpositionFormat,
        isFirst: Bool = false,
        isRepeated: Bool = false,
        isCompressed: Bool = false
    ) async -> Measured {
        let renderer = Renderer()
        func render(_ snapshot: Snapshot) async {
            let domains = await (isFirst ? Renderer() : renderer).labelledDomains(of: snapshot)
            let readings = host.readings(of: snapshot, domains)
            let pieces =
                isCompressed
                ? await renderer.compressed(readings, of: collectors, in: format)
                : await renderer.plain(readings, of: collectors, in: format)
            precondition(pieces.count > 2)
        }
        if !isFirst { await render(isRepeated ? next : first) }
        var isNext = false
        return await measured {
            isNext.toggle()
            await render(isRepeated || isNext ? next : first)
        }
    }
    row("text, labels made", await rendering(.text, isFirst: true), to: copying)
    let text = await rendering(.text)
    row("text, labels kept", text, to: copying)
    row("text, of a snapshot rendered before", await rendering(.text, isRepeated: true), to: copying)
    row("OpenMetrics, labels kept", await rendering(.openMetrics), to: copying)
    row("OpenMetrics, of a snapshot rendered before", await rendering(.openMetrics, isRepeated: true), to: copying)
    row("gzip, labels kept", await rendering(.text, isCompressed: true), to: copying)
    row(
        "gzip, of a snapshot rendered before",
        await rendering(.text, isRepeated: true, isCompressed: true),
        to: copying
    )

    // For any scrape but the first, which makes the labels for all that follow.
    let isMet = text.milliseconds <= 100 && text.peakBytes <= 200_000_000
    print("  target, labels kept: text in 100 ms and 200 MB at most: \(isMet ? "met" : "missed")")
    return isMet
}

private func fixed(_ number: Double) -> String {
    let hundredths = Int((number * 100).rounded())
    return "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
}
