import Exposition

@testable import Collection
@testable import ExporterService
@testable import Hypervisor

/// The samples that these collectors give of a host with one domain, in an exposition of which all is made sure that
/// holds of every exposition.
func checkedSamples(
    of domain: DomainSample,
    pages: [HostPagePool] = [],
    _ collectors: Set<MetricCollector>
) throws -> [ReadSample] {
    var snapshot = Snapshot()
    (snapshot.isUp, snapshot.time, snapshot.domains) = (true, 1_700_000_000, [domain])
    snapshot.host = HostSample(memory: HostMemory(), pages: pages)
    let readings = Readings(
        snapshot: snapshot,
        calls: CallBudget.Counts(),
        callLimit: 10,
        httpRequests: [:],
        process: ProcessFigures(
            stat: "",
            bootTime: 0,
            limits: "",
            openDescriptors: nil,
            ticksPerSecond: 1,
            pageSize: 1
        )
    )
    let families = MetricCatalogue.families(readings, of: collectors).filter { !$0.samples.isEmpty }
    let text = try readExposition(ExpositionFormat.text.encode(families))
    let openMetrics = try readExposition(ExpositionFormat.openMetrics.encode(families))
    try require(text.samples == openMetrics.samples, "the two formats say different things")
    try require(text.comments.count == 2 * families.count, "not a TYPE and a HELP for each family")
    let unitCount = families.count { $0.description.unit != nil }
    try require(
        openMetrics.comments.count == 2 * families.count + unitCount + 1,
        "not a TYPE, a HELP and perhaps a UNIT for each family, and an end"
    )
    let names = families.flatMap { family in family.samples.map { _ in family.description.name } }
    try require(
        text.samples.map(\.name) == names,
        "not the samples of the families"
    )
    let identities = Set(text.samples.map { $0.labels.merging(["__name__": $0.name]) { _, name in name } })
    try require(identities.count == text.samples.count, "a series is there twice")
    return text.samples
}
