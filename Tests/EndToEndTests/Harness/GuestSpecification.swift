import Foundation

/// What a guest is to be like.
struct GuestSpecification: Sendable {
    enum Balloon: Sendable {
        /// No balloon device at all.
        case absent
        /// A virtio balloon; without a period nobody asks it for statistics.
        case virtio(period: Int?)
    }

    let uuid = UUID().uuidString.lowercased()
    var name: String
    var balloon = Balloon.virtio(period: 1)
    /// Whether the guest loads the driver of its balloon.
    var hasDriver = true
    /// Of 128 MiB, its kernel counts 9 MiB as available that it can't do without: it is dead before the share is low.
    var memoryMebibytes = 128
    /// What it writes to a tmpfs at boot.
    var filledMebibytes = 0
    /// What others say of the domain, as nova does: the content of its `<metadata>` element.
    var metadataXML = ""
    /// The size of a memory device (virtio-mem), none of which is requested at first; 0 for no device.
    var memoryDeviceMebibytes = 0
    /// Without an operating system it is a paused QEMU of 16 MiB, which costs nothing: a domain to count.
    var hasSystem = true

    /// The domain's XML; the console is in the directory of the daemon.
    func domainXML(console: URL, consoleLog: URL) -> String {
        let system =
            """
            <kernel>/boot/guest.kernel</kernel><initrd>/boot/guest.initramfs</initrd>
            <cmdline>console=ttyS0 quiet lme.balloon=\(hasDriver ? 1 : 0) lme.fill=\(filledMebibytes) \(memoryDeviceWords)</cmdline>
            """
        let mebibytes = hasSystem ? memoryMebibytes : 16
        return """
            <domain type='qemu'>
              <name>\(Self.escaped(name))</name>
              <uuid>\(uuid)</uuid>
              <metadata>\(metadataXML)</metadata>
              \(memoryDeviceMebibytes > 0 ? "<maxMemory slots='1' unit='GiB'>1</maxMemory>" : "")
              <memory unit='MiB'>\(mebibytes)</memory>
              <vcpu>1</vcpu>
              <os><type arch='x86_64' machine='pc'>hvm</type>\(hasSystem ? system : "")</os>
              <features><acpi/></features>
              \(memoryDeviceMebibytes > 0 ? Self.cellXML(mebibytes) : "")
              <devices>
                <emulator>/usr/bin/qemu-system-x86_64</emulator>
                <controller type='usb' model='none'/>
                \(balloonXML)
                \(memoryDeviceMebibytes > 0 ? memoryDeviceXML : "")
                <serial type='unix'>
                  <source mode='bind' path='\(console.path)'/>
                  <log file='\(consoleLog.path)'/>
                </serial>
              </devices>
            </domain>
            """
    }

    private var balloonXML: String {
        switch balloon {
        case .absent: "<memballoon model='none'/>"
        case .virtio(nil): "<memballoon model='virtio'/>"
        case .virtio(let period?): "<memballoon model='virtio'><stats period='\(period)'/></memballoon>"
        }
    }

    private var memoryDeviceXML: String {
        """
        <memory model='virtio-mem'>
          <target>
            <size unit='MiB'>\(memoryDeviceMebibytes)</size><node>0</node>
            <block unit='MiB'>2</block><requested unit='KiB'>0</requested>
          </target>
        </memory>
        """
    }

    /// Linux is to use what it is given; and since it could be given memory above 4 GiB, it would set aside half of its
    /// own for devices that reach no further.
    private var memoryDeviceWords: String {
        memoryDeviceMebibytes > 0 ? "memhp_default_state=online swiotlb=512" : ""
    }

    /// A memory device belongs to a NUMA cell.
    private static func cellXML(_ mebibytes: Int) -> String {
        "<cpu><numa><cell id='0' cpus='0' memory='\(mebibytes)' unit='MiB'/></numa></cpu>"
    }

    /// The text for XML's elements and quoted attributes; there a line break would become a space.
    static func escaped(_ text: String) -> String {
        [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&apos;"), ("\n", "&#10;")]
            .reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }
}
