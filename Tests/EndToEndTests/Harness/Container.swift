import Foundation

/// A real container of libvirt's LXC driver: a shell, and a tmpfs with something in it.
struct Container: LibvirtDomain {
    let name: String
    let uuid: String

    /// Starts a container with 64 MiB of memory.
    ///
    /// - Parameters:
    ///   - name: what its name ends with; it begins with that of the run, by which its control groups are known.
    ///   - filledMebibytes: what it writes to a tmpfs.
    ///   - hardLimitMebibytes: the limit of its memory, where it has one of its own.
    static func start(
        _ name: String,
        filledMebibytes: Int,
        hardLimitMebibytes: Int? = nil,
        libvirtd: LibvirtDaemon
    ) async throws -> Container {
        let container = Container(
            name: "\(libvirtd.directory.lastPathComponent)-\(name)",
            uuid: UUID().uuidString.lowercased()
        )
        let limit = hardLimitMebibytes.map { "<memtune><hard_limit unit='MiB'>\($0)</hard_limit></memtune>" }
        let fill = "busybox dd if=/dev/zero of=/fill/data bs=1M count=\(filledMebibytes)"
        let xml = libvirtd.directory.appending(path: "\(container.uuid).xml")
        try """
        <domain type='lxc'>
          <name>\(container.name)</name>
          <uuid>\(container.uuid)</uuid>
          <memory unit='MiB'>64</memory>
          \(limit ?? "")
          <vcpu>1</vcpu>
          <os>
            <type>exe</type>
            <init>/bin/busybox</init><initarg>sh</initarg><initarg>-c</initarg>
            <initarg>\(fill); while :; do busybox sleep 1; done</initarg>
          </os>
          <devices>
            <emulator>/usr/lib/libvirt/libvirt_lxc</emulator>
            <filesystem type='mount'><source dir='/container'/><target dir='/'/></filesystem>
            <filesystem type='ram'><source usage='64' units='MiB'/><target dir='/fill'/></filesystem>
            <console type='pty'/>
          </devices>
        </domain>
        """.write(to: xml, atomically: true, encoding: .utf8)
        try await libvirtd.virsh("create", xml.path)
        return container
    }
}
