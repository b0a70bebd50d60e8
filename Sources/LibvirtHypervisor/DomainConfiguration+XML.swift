import Hypervisor
import Libvirt
import XML

extension DomainConfiguration {
    /// Reads a `<domain>` element. What is missing or malformed in it is as if it were not there.
    package init(domain: XMLElement) {
        let devices = domain.child("devices")
        self.init(balloon: devices?.child("memballoon").flatMap(Balloon.init))
        let period = devices?.child("memballoon")?.child("stats")?.attributes["period"].flatMap { UInt32($0) }
        statsPeriod = period == 0 ? nil : period
        type = domain.attributes["type"].bounded
        let osType = domain.child("os")?.child("type")
        self.osType = osType?.text.bounded ?? ""
        machine = osType?.attributes["machine"].bounded ?? ""
        title = domain.child("title")?.text.bounded ?? ""
        hugePages = HugePages(domain.child("memoryBacking")?.child("hugepages"))
        let memory = devices?.children.filter { $0.name == "memory" } ?? []
        memoryDevices = memory.compactMap(MemoryDevice.init).first(ofEach: \.alias)
        openStack = domain.child("metadata").flatMap(OpenStackInstance.init(metadata:))
    }
}

extension DomainConfiguration.Balloon {
    fileprivate init?(_ memballoon: XMLElement) {
        guard let model = memballoon.attributes["model"], model != "none" else { return nil }
        self.init(model: model.bounded)
        autodeflate = memballoon.attributes["autodeflate"] == "on"
        freePageReporting = memballoon.attributes["freePageReporting"] == "on"
    }
}

extension DomainConfiguration.HugePages {
    fileprivate init(_ hugepages: XMLElement?) {
        guard let hugepages else {
            self = .none
            return
        }
        let sizes = hugepages.children.filter { $0.name == "page" }
            .compactMap { amount($0.attributes["size"], unit: $0.attributes["unit"]) }
        // One size may be given for several NUMA nodes.
        self = sizes.isEmpty ? .ofDefaultSize : .ofSizes(sizes.first(ofEach: { $0 }))
    }
}

extension DomainConfiguration.MemoryDevice {
    fileprivate init?(_ memory: XMLElement) {
        func target(_ name: String) -> UInt64? {
            memory.child("target")?.child(name).flatMap { amount($0.text, unit: $0.attributes["unit"]) }
        }
        guard memory.attributes["model"] == "virtio-mem", let alias = memory.child("alias")?.attributes["name"],
            let size = target("size"), let requested = target("requested")
        else { return nil }
        self.init(alias: alias.bounded, size: size, requested: requested, current: target("current"))
    }
}

extension Sequence {
    /// The elements without those whose key an earlier one has: two of one key would be one series twice.
    func first<Key: Hashable>(ofEach key: (Element) -> Key) -> [Element] {
        var seen: Set<Key> = []
        return filter { seen.insert(key($0)).inserted }
    }
}

extension String {
    /// The text as it may stand in a label: others write it, and each scrape carries it.
    var bounded: String {
        let longest = 256
        guard unicodeScalars.count > longest else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(longest - 1))) + "…"
    }
}

extension String? {
    /// The text as it may stand in a label; empty where there is none.
    var bounded: String { self?.bounded ?? "" }
}

/// The bytes of an amount as libvirt's XML gives it: it writes KiB, whatever it read (virDomainDefFormat).
func amount(_ number: String?, unit: String?) -> UInt64? {
    guard let number, let count = UInt64(number), unit == nil || unit == "KiB" else { return nil }
    return bytes(kibibytes: count)
}
