/// A domain of libvirt, whatever runs it.
protocol LibvirtDomain: Sendable {
    var name: String { get }
    var uuid: String { get }
}
