import Foundation
import Testing

extension EndToEndTests {
    /// What nova wrote into a domain's metadata, as the labels that dashboards join on.
    @Suite struct OpenStackTests {
        private static let hostile = "\"quotes\" 'n' back\\slash\nnew line <&> ]]> {}=, 🦊"

        @Test func novasElementOfEitherVersionIsRead() async throws {
            try await Testbed.run { testbed in
                var guests: [Guest] = []
                for version in ["1.0", "1.1"] {
                    let instance = NovaInstance(version: version, name: "web \(version)", flavor: "m1.tiny")
                    guests.append(
                        try await testbed.startGuest(
                            GuestSpecification(name: "instance-\(version)", metadataXML: instance.xml, hasSystem: false)
                        )
                    )
                }
                let exporter = try await testbed.startExporter()
                let metrics = try await metrics(ofInstances: 2, by: exporter)
                for (guest, version) in zip(guests, ["1.0", "1.1"]) {
                    #expect(
                        try metrics.instance(guest) == [
                            "domain": guest.name, "uuid": guest.uuid, "instance_name": "web \(version)",
                            "instance_id": guest.uuid, "project_name": "project of web \(version)",
                            "project_id": NovaInstance.projectID, "user_name": "user of web \(version)",
                            "user_id": NovaInstance.userID, "flavor_name": "m1.tiny",
                        ]
                    )
                    #expect(try metrics.domain("openstack_flavor_vcpus", guest) == 3)
                    #expect(try metrics.domain("openstack_flavor_memory_bytes", guest) == 512 * mebibyte)
                }
            }
        }

        @Test func whatOwnersCallTheirInstancesIsTextAndNothingElse() async throws {
            try await Testbed.run { testbed in
                let instance = NovaInstance(name: Self.hostile, flavor: Self.hostile)
                let guest = try await testbed.startGuest(
                    GuestSpecification(name: "guest", metadataXML: instance.xml, hasSystem: false)
                )
                let exporter = try await testbed.startExporter()
                let labels = try await metrics(ofInstances: 1, by: exporter).instance(guest)
                #expect(labels["instance_name"] == Self.hostile)
                #expect(labels["flavor_name"] == Self.hostile)
                #expect(labels["project_name"] == "project of " + Self.hostile)
                #expect(labels["user_name"] == "user of " + Self.hostile)
                try await PrometheusServer.checkMetrics(
                    try await exporter.get("/metrics").text,
                    directory: testbed.directory
                )
            }
        }

        @Test func aBrokenElementCostsOnlyWhatIsBrokenOfIt() async throws {
            try await Testbed.run { testbed in
                let broken = """
                    <nova:instance xmlns:nova='\(NovaInstance.namespace("1.1"))'>
                      <nova:flavor><nova:memory>much</nova:memory><nova:vcpus>-1</nova:vcpus></nova:flavor>
                      <nova:owner><nova:user>somebody</nova:user></nova:owner>
                    </nova:instance>
                    """
                let strange =
                    "<other:instance xmlns:other='http://example.org/other'><other:name>x</other:name></other:instance>"
                let guests = try await testbed.startGuests(
                    GuestSpecification(name: "broken", metadataXML: broken, hasSystem: false),
                    GuestSpecification(name: "another's", metadataXML: strange, hasSystem: false),
                    GuestSpecification(
                        name: "whole",
                        metadataXML: NovaInstance(name: "whole", flavor: "m1.tiny").xml,
                        hasSystem: false
                    )
                )
                let exporter = try await testbed.startExporter()
                let metrics = try await metrics(ofInstances: 2, by: exporter)
                #expect(
                    try metrics.instance(guests[0]) == [
                        "domain": "broken", "uuid": guests[0].uuid, "instance_name": "", "instance_id": guests[0].uuid,
                        "project_name": "", "project_id": "", "user_name": "somebody", "user_id": "",
                        "flavor_name": "",
                    ]
                )
                #expect(try metrics.domain("openstack_flavor_vcpus", guests[0]) == nil)
                #expect(try metrics.domain("openstack_flavor_memory_bytes", guests[0]) == nil)
                #expect(try metrics.instance(guests[2])["instance_name"] == "whole")
                for guest in guests {
                    #expect(try metrics.domain("info_maximum_memory_bytes", guest) == 16 * mebibyte)
                }
            }
        }

        @Test func labelsFollowWhatNovaWritesAnew() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(
                        name: "renamed",
                        metadataXML: NovaInstance(name: "before", flavor: "m1.tiny").xml,
                        hasSystem: false
                    ),
                    GuestSpecification(
                        name: "neighbour",
                        metadataXML: NovaInstance(name: "neighbour", flavor: "m1.tiny").xml,
                        hasSystem: false
                    )
                )
                let exporter = try await testbed.startExporter()
                let before = try await metrics(ofInstances: 2, by: exporter)
                #expect(try before.instance(guests[0])["instance_name"] == "before")
                #expect(try before.domain("metadata_changes_total", guests[0]) == 0)

                let changed = NovaInstance(name: "after", flavor: "m1.huge")
                let namespace = NovaInstance.namespace("1.1")
                try await testbed.libvirtd.virsh(
                    "metadata",
                    guests[0].uuid,
                    "--live",
                    "--uri",
                    namespace,
                    "--key",
                    "nova",
                    "--set",
                    changed.bareXML
                )
                try await eventually(within: .seconds(2)) {
                    let metrics = try await exporter.scrape()
                    let labels = try metrics.instance(guests[0])
                    try require(labels["instance_name"] == "after", "the name follows: \(labels)")
                    try require(labels["flavor_name"] == "m1.huge", "the flavor follows: \(labels)")
                    let changes = try metrics.domain("metadata_changes_total", guests[0])
                    try require(changes == 1, "one change is counted: \(String(describing: changes))")
                }

                try await testbed.libvirtd.virsh("metadata", guests[0].uuid, "--live", "--uri", namespace, "--remove")
                try await eventually(within: .seconds(2)) {
                    let metrics = try await exporter.scrape()
                    try require(metrics.samples("libvirt_domain_openstack_info").count == 1, "the instance is gone")
                    try require(try metrics.domain("metadata_changes_total", guests[0]) == 2, "two changes are counted")
                    try require(try metrics.instance(guests[1]) == before.instance(guests[1]), "its neighbour stays")
                    try require(try metrics.domain("metadata_changes_total", guests[1]) == 0, "nothing happened to it")
                }
            }
        }

        @Test func prometheusJoinsTheFiguresWithTheInstance() async throws {
            try await Testbed.run { testbed in
                let guests = try await testbed.startGuests(
                    GuestSpecification(
                        name: "instance-0000002a",
                        metadataXML: NovaInstance(name: Self.hostile, flavor: "m1.tiny").xml
                    ),
                    GuestSpecification(name: "not-of-nova")
                )
                let exporter = try await testbed.startExporter()
                let prometheus = try await testbed.startPrometheus(scraping: exporter)
                try await eventually(within: .seconds(30)) {
                    let usable = try await prometheus.query("libvirt_domain_memory_stats_usable_bytes")
                    try require(usable.count == 2, "both have figures: \(usable)")
                    let joined = try await prometheus.query(
                        """
                        libvirt_domain_memory_stats_usable_bytes
                          * on(domain, uuid) group_left(instance_name) libvirt_domain_openstack_info
                        """
                    )
                    try require(joined.map { $0.labels["instance_name"] } == [Self.hostile], "joined: \(joined)")
                    try require(joined[0].labels["uuid"] == guests[0].uuid, "it is the instance: \(joined)")
                    try require(joined[0].value > mebibyte, "it is the instance's usable: \(joined)")
                }
            }
        }

        /// The first scrape in which there are so many instances: they are read after the exporter connected.
        private func metrics(ofInstances count: Int, by exporter: ExporterProcess) async throws -> Exposition {
            try await eventually(within: .seconds(10)) {
                let metrics = try await exporter.scrape()
                let instances = metrics.samples("libvirt_domain_openstack_info")
                try require(instances.count == count, "there are \(count) instances: \(instances)")
                return metrics
            }
        }
    }
}

/// An instance as nova describes it in a domain's metadata (virt/libvirt/config.py, LibvirtConfigGuestMetaNovaInstance).
private struct NovaInstance {
    static let projectID = "5d6e1b0f0c5b4c2f8a3de2c6f3f0a9b1"
    static let userID = "b7a1c8d94e2f4f0f9d3c2b1a0e9f8d7c"

    var version = "1.1"
    let name: String
    let flavor: String

    static func namespace(_ version: String) -> String { "http://openstack.org/xmlns/libvirt/nova/\(version)" }

    var xml: String { xml(prefix: "nova:", declaration: " xmlns:nova='\(Self.namespace(version))'") }

    /// As libvirt takes it for a key and a namespace, both of which it adds itself.
    var bareXML: String { xml(prefix: "", declaration: "") }

    private func xml(prefix: String, declaration: String) -> String {
        let (name, flavor) = (GuestSpecification.escaped(name), GuestSpecification.escaped(flavor))
        let plain = """
            <instance>
              <package version="25.2.1"/>
              <name>\(name)</name>
              <creationTime>2026-01-31 12:00:00</creationTime>
              <flavor name="\(flavor)">
                <memory>512</memory><disk>1</disk><swap>0</swap><ephemeral>0</ephemeral><vcpus>3</vcpus>
              </flavor>
              <owner>
                <user uuid="\(Self.userID)">user of \(name)</user>
                <project uuid="\(Self.projectID)">project of \(name)</project>
              </owner>
              <root type="image" uuid="8f6a2c1e-4a7d-4c55-9a53-0d7f3c8e2b19"/>
            </instance>
            """
        return plain.replacing(/<(\/?)(\w)/) { "<\($0.1)\(prefix)\($0.2)" }
            .replacing("<\(prefix)instance>", with: "<\(prefix)instance\(declaration)>")
    }
}

extension Exposition {
    /// The labels of the guest's one instance.
    fileprivate func instance(_ guest: Guest) throws -> [String: String] {
        let found = samples("libvirt_domain_openstack_info", ["uuid": guest.uuid])
        guard found.count == 1, found[0].value == 1 else {
            throw TestbedError("no instance of \(guest.name): \(found)")
        }
        return found[0].labels
    }
}
