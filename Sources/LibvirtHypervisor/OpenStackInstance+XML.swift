import Hypervisor
import XML

extension OpenStackInstance {
    /// nova's namespace since 2020-09, and the one before.
    private static let namespaces = [
        "http://openstack.org/xmlns/libvirt/nova/1.1", "http://openstack.org/xmlns/libvirt/nova/1.0",
    ]

    /// Reads the `<instance>` of nova in a `<metadata>` element; nil where there is none. What is missing or malformed
    /// in it is as if it were not there.
    init?(metadata: XMLElement) {
        let instances = Self.namespaces.lazy.compactMap { namespace in
            metadata.child("instance", namespace: namespace).map { (namespace, $0) }
        }
        guard let (namespace, instance) = instances.first else { return nil }
        self.init()
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
