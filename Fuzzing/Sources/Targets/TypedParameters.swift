import CLibvirt
import Exposition

@testable import ExporterService
@testable import Hypervisor
@testable import Libvirt

/// Each line of the input is a parameter: its type as a number (virTypedParameterType), its name, and the 64 bits of its
/// value as a number.
func checkTypedParameters(_ input: [UInt8]) throws {
    let parameters = input.split(separator: UInt8(ascii: "\n")).compactMap(Parameter.init)
    let (record, limits) = read(parameters)

    func whole(_ name: String) -> UInt64? {
        parameters.last { $0.type == Int32(VIR_TYPED_PARAM_ULLONG.rawValue) && $0.name == Array(name.utf8) }?.value
    }
    func bytes(_ name: String) -> UInt64? {
        whole(name).flatMap { Libvirt.bytes(kibibytes: $0) }
    }
    /// Limits that libvirt writes to say that there is none are left out, and so a later one does not undo an earlier.
    func limit(_ name: String) -> UInt64? {
        parameters.last {
            $0.type == Int32(VIR_TYPED_PARAM_ULLONG.rawValue) && $0.name == Array(name.utf8) && $0.value != 0
                && $0.value < UInt64(VIR_DOMAIN_MEMORY_PARAM_UNLIMITED) & ~63
        }.flatMap { Libvirt.bytes(kibibytes: $0.value) }
    }
    let figures = "libvirt_domain_memory_stats_"
    var expected: [String: UInt64?] = [
        figures + "actual_balloon_bytes": bytes("balloon.current"),
        figures + "available_bytes": bytes("balloon.available"),
        figures + "usable_bytes": bytes("balloon.usable"),
        figures + "unused_bytes": bytes("balloon.unused"),
        figures + "rss_bytes": bytes("balloon.rss"),
        figures + "disk_caches_bytes": bytes("balloon.disk_caches"),
        figures + "swap_in_bytes_total": bytes("balloon.swap_in"),
        figures + "swap_out_bytes_total": bytes("balloon.swap_out"),
        figures + "major_fault_total": whole("balloon.major_fault"),
        figures + "minor_fault_total": whole("balloon.minor_fault"),
        figures + "hugetlb_pgalloc_total": whole("balloon.hugetlb_pgalloc"),
        figures + "hugetlb_pgfail_total": whole("balloon.hugetlb_pgfail"),
        // 0 says that the guest never answered.
        figures + "last_update_timestamp_seconds": whole("balloon.last-update").flatMap { $0 == 0 ? nil : $0 },
    ]
    for name in ["hard", "soft", "swap_hard"] {
        expected["libvirt_domain_memory_limit_bytes \(name)"] = limit(
            name == "swap_hard" ? "swap_hard_limit" : "\(name)_limit"
        )
    }
    let state = parameters.last {
        $0.type == Int32(VIR_TYPED_PARAM_INT.rawValue) && $0.name == Array("state.state".utf8)
    }
    let number = state.map { Int32(truncatingIfNeeded: $0.value) }
    try require(
        record.state == number.map { DomainState(rawValue: $0) ?? .nostate },
        "the state is \(String(describing: record.state))"
    )

    var known = KnownDomain(name: "guest")
    known.limits = limits
    var domain = DomainSample(id: record.id, known: known)
    (domain.state, domain.statistics) = (record.state, record.statistics)
    let samples = try checkedSamples(of: domain, [.memoryStats, .limits])
    var found: [String: UInt64] = [:]
    for sample in samples {
        let limit = sample.labels["limit"].map { " \($0)" } ?? ""
        found[sample.name + limit] = UInt64(sample.value)
    }
    for (name, value) in expected {
        try require(
            found[name] == value,
            "\(name) is \(String(describing: found[name])), not \(String(describing: value))"
        )
    }
}

private struct Parameter {
    let type: Int32
    let name: [UInt8]
    let value: UInt64

    init?(_ line: ArraySlice<UInt8>) {
        let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, let type = Int32(String(decoding: words[0], as: UTF8.self)),
            let value = UInt64(String(decoding: words[2], as: UTF8.self)),
            words[1].count < Int(VIR_TYPED_PARAM_FIELD_LENGTH), !words[1].contains(0)
        else { return nil }
        self.type = type
        name = Array(words[1])
        self.value = value
    }
}

/// The domain that all records are of: one of libvirt's test driver.
private nonisolated(unsafe) let domain: virDomainPtr = {
    guard let connection = virConnectOpenReadOnly("test:///default"),
        let domain = virDomainLookupByName(connection, "test")
    else { fatalError("libvirt's test driver has no domain") }
    return domain
}()

/// Has an array of libvirt's, of exactly this length, read by both who read one.
private func read(_ parameters: [Parameter]) -> (DomainStatsRecord, MemoryLimits) {
    let array = UnsafeMutableBufferPointer<virTypedParameter>.allocate(capacity: parameters.count)
    defer { array.deallocate() }
    for (index, parameter) in parameters.enumerated() {
        var made = virTypedParameter()
        made.type = parameter.type
        made.value.ul = parameter.value
        withUnsafeMutableBytes(of: &made.field) { $0.copyBytes(from: parameter.name) }
        array.initializeElement(at: index, to: made)
    }
    var record = virDomainStatsRecord(dom: domain, params: array.baseAddress, nparams: Int32(parameters.count))
    var limits = MemoryLimits()
    for parameter in 0..<parameters.count {
        limits.take(TypedParameter(array.baseAddress! + parameter))
    }
    return (DomainStatsRecord(&record), limits)
}
