import Hypervisor
import Testing
import XML

@testable import LibvirtHypervisor

@Suite struct HostPagePoolTests {
    @Test func thePoolsOfHugePagesAreReadFromTheCapabilities() throws {
        let capabilities = try XMLElement(
            parsing: """
                <capabilities><host><topology><cells num='2'>
                  <cell id='0'><memory unit='KiB'>2097152</memory>
                    <pages unit='KiB' size='4'>524288</pages><pages unit='KiB' size='2048'>16</pages>
                    <pages unit='KiB' size='1048576'>0</pages></cell>
                  <cell id='1'><pages unit='KiB' size='4'>524288</pages><pages unit='KiB' size='2048'>8</pages>
                    <pages size='many'>x</pages></cell>
                  <cell><pages unit='KiB' size='2048'>8</pages></cell>
                </cells></topology></host></capabilities>
                """
        )
        #expect(
            HostPagePool.all(inCapabilities: capabilities) == [
                HostPagePool(cell: 0, pageSize: 2097152, total: 16),
                HostPagePool(cell: 0, pageSize: 1073741824, total: 0),
                HostPagePool(cell: 1, pageSize: 2097152, total: 8),
            ]
        )
    }

    @Test func ofTwoPoolsOfOneSizeInOneCellTheFirstCounts() throws {
        let pages = "<pages size='4'>1</pages><pages size='2048'>2</pages><pages size='2048'>3</pages>"
        let cell = "<cell id='0'>\(pages)</cell>"
        let capabilities = try XMLElement(
            parsing: "<capabilities><host><topology><cells>\(cell)\(cell)</cells></topology></host></capabilities>"
        )
        #expect(
            HostPagePool.all(inCapabilities: capabilities) == [
                HostPagePool(cell: 0, pageSize: 2097152, total: 2)
            ]
        )
    }

    @Test func capabilitiesWithoutATopologyHaveNoPools() {
        #expect(HostPagePool.all(inCapabilities: XMLElement(name: "capabilities")).isEmpty)
    }
}
