@testable import ExporterService
@testable import Hypervisor
@testable import LibvirtHypervisor
@testable import XML

/// The input is a document in which a domain's configuration and the host's huge pages are looked for; the domain goes by
/// the name that stands there.
func checkDomainXML(_ input: [UInt8]) throws {
    guard let root = try? XMLElement(parsing: String(decoding: input, as: UTF8.self)) else { return }
    let configuration = DomainConfiguration(domain: root)
    let name = root.child("name")?.text ?? ""
    var known = KnownDomain(name: name)
    known.configuration = configuration
    var domain = DomainSample(
        id: DomainID(uuid: DomainUUID(bytes: [UInt8](repeating: 0xAB, count: 16))!, name: name),
        known: known
    )
    domain.state = .running
    let pages = HostPagePool.all(inCapabilities: root)
    let samples = try checkedSamples(of: domain, pages: pages, [.domain, .limits, .openstack, .host])
    for sample in samples {
        try require(sample.labels["domain"] ?? name == name, "the domain's name is another: \(sample)")
        for (label, value) in sample.labels where label != "domain" && label != "hugepages" {
            try require(value.unicodeScalars.count <= 256, "a label without bounds: \(sample)")
        }
    }
    let info = samples.first { $0.name == "libvirt_domain_info" }?.labels
    try require(
        info?["type"] == configuration.type && info?["os_type"] == configuration.osType
            && info?["machine"] == configuration.machine && info?["title"] == configuration.title
            && info?["balloon_model"] == configuration.balloon?.model ?? "none",
        "not the configuration: \(String(describing: info))"
    )
    let nova = samples.first { $0.name == "libvirt_domain_openstack_info" }?.labels
    let instance = configuration.openStack
    try require(
        nova?["instance_name"] == instance?.name && nova?["project_name"] == instance?.projectName
            && nova?["project_id"] == instance?.projectID && nova?["user_name"] == instance?.userName
            && nova?["user_id"] == instance?.userID && nova?["flavor_name"] == instance?.flavorName,
        "not the instance: \(String(describing: nova))"
    )
    try require(
        samples.count { $0.name == "libvirt_domain_memory_device_size_bytes" } == configuration.memoryDevices.count,
        "a memory device is missing"
    )
}
