import Libvirt
import Testing

@testable import GuestMemory

@Suite struct DomainConfigurationTests {
    private func configuration(_ devices: String) throws -> DomainConfiguration {
        DomainConfiguration(domain: try XMLElement(parsing: "<domain><devices>\(devices)</devices></domain>"))
    }

    @Test(arguments: [
        ("<memballoon model='virtio'><stats period='10'/></memballoon>", "virtio", 10, false),
        ("<memballoon model='virtio-transitional'/>", "virtio-transitional", nil, true),
        ("<memballoon model='virtio'><stats period='0'/></memballoon>", "virtio", nil, true),
        ("<memballoon model='virtio'><stats period='-1'/></memballoon>", "virtio", nil, true),
        ("<memballoon model='virtio'><stats period='ten'/></memballoon>", "virtio", nil, true),
        ("<memballoon model='virtio'><stats/></memballoon>", "virtio", nil, true),
        ("<memballoon model='xen'/>", "xen", nil, true),
    ])
    func theBalloonDeviceAndItsPeriodAreRead(devices: String, model: String, period: UInt32?, lacks: Bool) throws {
        let configuration = try configuration(devices)
        #expect(configuration.balloon == .device(model: model))
        #expect(configuration.statsPeriod == period)
        #expect(configuration.lacksStatsPeriod == lacks)
    }

    @Test(arguments: ["<memballoon model='none'/>", "", "<memballoon/>"])
    func withoutADeviceThereIsNoPeriodToSet(devices: String) throws {
        let configuration = try configuration(devices)
        #expect(configuration.balloon == .none)
        #expect(!configuration.lacksStatsPeriod)
    }

    @Test func aDocumentOfAnotherKindHasNoBalloon() throws {
        #expect(DomainConfiguration(domain: XMLElement(name: "network")).balloon == .none)
    }
}
