import Libvirt

/// What nova says of an instance in the domain's metadata (nova's virt/libvirt/config.py,
/// LibvirtConfigGuestMetaNovaInstance); what it leaves out is empty.
public struct OpenStackInstance: Hashable, Sendable {
    /// The name that the instance's owner gave it.
    public var name = ""
    /// The project's UUID.
    public var projectID = ""
    /// The project's name.
    public var projectName = ""
    /// The UUID of the user who made it.
    public var userID = ""
    /// That user's name.
    public var userName = ""
    /// The flavor's name.
    public var flavorName = ""
    /// The flavor's virtual CPUs.
    public var flavorVCPUs: UInt64?
    /// The flavor's memory in MiB.
    public var flavorMebibytes: UInt64?

    /// nova's namespace since 2020-09, and the one before.
    private static let namespaces = [
        "http://openstack.org/xmlns/libvirt/nova/1.1", "http://openstack.org/xmlns/libvirt/nova/1.0",
    ]

    /// An instance of which nothing is known.
    public init() {}

    /// Reads the `<instance>` of nova in a `<metadata>` element; nil where there is none. What is missing or malformed
    /// in it is as if it were not there.
    init?(metadata: XMLElement) {
        let instances = Self.namespaces.lazy.compactMap { namespace in
            metadata.child("instance", namespace: namespace).map { (namespace, $0) }
        }
        guard let (namespace, instance) = instances.first else { return nil }
        func child(_ name: String, of parent: XMLElement? = instance) -> XMLElement? {
            parent?.child(name, namespace: namespace)
        }

        name = (child("name")?.text).bounded
        let project = child("project", of: child("owner"))
        projectID = (project?.attributes["uuid"]).bounded
        projectName = (project?.text).bounded
        let user = child("user", of: child("owner"))
        userID = (user?.attributes["uuid"]).bounded
        userName = (user?.text).bounded
        let flavor = child("flavor")
        flavorName = (flavor?.attributes["name"]).bounded
        flavorVCPUs = child("vcpus", of: flavor).flatMap { UInt64($0.text) }
        flavorMebibytes = child("memory", of: flavor).flatMap { UInt64($0.text) }
    }
}
