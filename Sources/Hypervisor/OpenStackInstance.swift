/// What nova says of an instance in the domain's metadata (nova's virt/libvirt/config.py,
/// LibvirtConfigGuestMetaNovaInstance); what it leaves out is empty.
package struct OpenStackInstance: Hashable, Sendable {
    /// The name that the instance's owner gave it.
    package var name = ""
    /// The project's UUID.
    package var projectID = ""
    /// The project's name.
    package var projectName = ""
    /// The UUID of the user who made it.
    package var userID = ""
    /// That user's name.
    package var userName = ""
    /// The flavor's name.
    package var flavorName = ""
    /// The flavor's virtual CPUs.
    package var flavorVCPUs: UInt64?
    /// The flavor's memory in MiB.
    package var flavorMebibytes: UInt64?

    /// An instance of which nothing is known.
    package init() {}
}
