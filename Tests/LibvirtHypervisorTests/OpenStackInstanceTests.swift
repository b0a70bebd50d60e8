import Hypervisor
import Testing
import XML

@testable import LibvirtHypervisor

@Suite struct OpenStackInstanceTests {
    private func instance(_ metadata: String) throws -> OpenStackInstance? {
        OpenStackInstance(metadata: try XMLElement(parsing: "<metadata>\(metadata)</metadata>"))
    }

    private func element(_ version: String, name: String = "web-1") -> String {
        """
        <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/\(version)">
          <nova:package version="25.0.0"/>
          <nova:name>\(name)</nova:name>
          <nova:creationTime>2024-01-01 00:00:00</nova:creationTime>
          <nova:flavor name="m1.small">
            <nova:memory>2048</nova:memory><nova:disk>20</nova:disk><nova:swap>0</nova:swap>
            <nova:ephemeral>0</nova:ephemeral><nova:vcpus>2</nova:vcpus>
          </nova:flavor>
          <nova:owner>
            <nova:user uuid="user-1">alice</nova:user>
            <nova:project uuid="project-1">shop</nova:project>
          </nova:owner>
          <nova:root type="image" uuid="image-1"/>
        </nova:instance>
        """
    }

    @Test(arguments: ["1.0", "1.1"])
    func novasElementIsReadInBothVersions(version: String) throws {
        let instance = try #require(try instance(element(version)))
        #expect(instance.name == "web-1")
        #expect(instance.projectID == "project-1")
        #expect(instance.projectName == "shop")
        #expect(instance.userID == "user-1")
        #expect(instance.userName == "alice")
        #expect(instance.flavorName == "m1.small")
        #expect(instance.flavorVCPUs == 2)
        #expect(instance.flavorMebibytes == 2048)
    }

    @Test func ofTwoVersionsTheNewerCounts() throws {
        #expect(try instance(element("1.0", name: "old") + element("1.1", name: "new"))?.name == "new")
    }

    @Test(arguments: [
        "", #"<x:instance xmlns:x="urn:other"><x:name>no</x:name></x:instance>"#,
        "<instance><name>no</name></instance>",
    ])
    func whatNovaDidNotWriteIsNoInstance(metadata: String) throws {
        #expect(try instance(metadata) == nil)
    }

    @Test(arguments: [
        #"<n:instance xmlns:n="http://openstack.org/xmlns/libvirt/nova/1.1"/>"#,
        #"<n:instance xmlns:n="http://openstack.org/xmlns/libvirt/nova/1.1"><n:owner/><n:flavor/></n:instance>"#,
        """
        <n:instance xmlns:n="http://openstack.org/xmlns/libvirt/nova/1.1"><n:flavor><n:vcpus>-1</n:vcpus>\
        <n:memory>99999999999999999999</n:memory></n:flavor><name>of another namespace</name></n:instance>
        """,
    ])
    func aBrokenElementIsAnInstanceOfWhichNothingIsKnown(metadata: String) throws {
        #expect(try instance(metadata) == OpenStackInstance())
    }

    @Test func hostileNamesAreNamesOfABoundedLength() throws {
        let instance = try #require(
            try instance(
                element("1.1", name: #"&quot;}&#10; up 0 &lt;b&gt;\"# + String(repeating: "x", count: 100_000))
            )
        )
        #expect(instance.name.hasPrefix("\"}\n up 0 <b>\\xx"))
        #expect(instance.name.unicodeScalars.count == 256)
    }
}
