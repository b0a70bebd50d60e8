import Hypervisor
import Testing
import XML

@testable import LibvirtHypervisor

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
        #expect(configuration.balloon?.model == model)
        #expect(configuration.statsPeriod == period)
    }

    @Test(arguments: ["<memballoon model='none'/>", "", "<memballoon/>"])
    func withoutADeviceThereIsNoPeriodToSet(devices: String) throws {
        let configuration = try configuration(devices)
        #expect(configuration.balloon == nil)
    }

    @Test func aDocumentOfAnotherKindHasNoBalloon() throws {
        #expect(DomainConfiguration(domain: XMLElement(name: "network")).balloon == nil)
    }

    @Test func whatMattersToReadingMemoryFiguresIsRead() throws {
        let configuration = DomainConfiguration(
            domain: try XMLElement(
                parsing: """
                    <domain type='kvm'>
                      <title>The "first" one</title>
                      <memoryBacking><hugepages><page size='2048' unit='KiB'/><page size='1048576' unit='KiB' nodeset='1'/>
                      </hugepages></memoryBacking>
                      <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
                      <devices>
                        <memory model='virtio-mem'>
                          <target><size unit='KiB'>1048576</size><node>0</node><block unit='KiB'>2048</block>
                            <requested unit='KiB'>524288</requested><current unit='KiB'>262144</current></target>
                          <alias name='virtiomem0'/>
                        </memory>
                        <memory model='dimm'><target><size unit='KiB'>1048576</size></target><alias name='dimm0'/></memory>
                        <memballoon model='virtio' autodeflate='on' freePageReporting='on'/>
                      </devices>
                    </domain>
                    """
            )
        )
        #expect(configuration.type == "kvm")
        #expect(configuration.osType == "hvm")
        #expect(configuration.machine == "pc-q35-7.2")
        #expect(configuration.title == #"The "first" one"#)
        #expect(configuration.balloon?.autodeflate == true)
        #expect(configuration.balloon?.freePageReporting == true)
        #expect(configuration.hugePages == .ofSizes([2097152, 1073741824]))
        #expect(
            configuration.memoryDevices == [
                DomainConfiguration.MemoryDevice(
                    alias: "virtiomem0",
                    size: 1073741824,
                    requested: 536870912,
                    current: 268435456
                )
            ]
        )
        #expect(configuration.openStack == nil)
    }

    @Test func ofTwoMemoryDevicesOfOneNameTheFirstCounts() throws {
        func device(size: Int) -> String {
            """
            <memory model='virtio-mem'><target><size>\(size)</size><requested>1</requested></target>\
            <alias name='ua-1'/></memory>
            """
        }
        let devices = try configuration(device(size: 2) + device(size: 3)).memoryDevices
        #expect(devices.map(\.size) == [2048])
    }

    @Test func namesOfDevicesAreOfABoundedLength() throws {
        let long = String(repeating: "x", count: 1000)
        let configuration = try configuration(
            """
            <memballoon model='\(long)'/><memory model='virtio-mem'>\
            <target><size>1</size><requested>1</requested></target><alias name='\(long)'/></memory>
            """
        )
        #expect(configuration.balloon?.model.count == 256)
        #expect(configuration.memoryDevices.map(\.alias.count) == [256])
    }

    @Test func hugePagesWithoutASizeAreOfTheDefaultSize() throws {
        let domain = try XMLElement(parsing: "<domain><memoryBacking><hugepages/></memoryBacking></domain>")
        #expect(DomainConfiguration(domain: domain).hugePages == .ofDefaultSize)
    }

    @Test func aTitleOfAnyLengthMakesALabelOfABoundedOne() throws {
        let title = String(repeating: "e\u{301}", count: 100_000)
        let domain = XMLElement(name: "domain", children: [XMLElement(name: "title", text: title)])
        #expect(DomainConfiguration(domain: domain).title.unicodeScalars.count == 256)
        #expect(DomainConfiguration(domain: domain).title.hasSuffix("…"))
    }
}
