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
    /// Without an operating system it is a paused QEMU of 16 MiB, which costs nothing: a domain to count.
    var hasSystem = true

    /// The domain's XML; the console is in the directory of the daemon.
    func domainXML(console: URL, consoleLog: URL) -> String {
        let system =
            """
            <kernel>/boot/guest.kernel</kernel><initrd>/boot/guest.initramfs</initrd>
            <cmdline>console=ttyS0 quiet lme.balloon=\(hasDriver ? 1 : 0) lme.fill=\(filledMebibytes)</cmdline>
            """
        return """
            <domain type='qemu'>
              <name>\(Self.escaped(name))</name>
              <uuid>\(uuid)</uuid>
              <memory unit='MiB'>\(hasSystem ? memoryMebibytes : 16)</memory>
              <vcpu>1</vcpu>
              <os><type arch='x86_64' machine='pc'>hvm</type>\(hasSystem ? system : "")</os>
              <features><acpi/></features>
              <devices>
                <emulator>/usr/bin/qemu-system-x86_64</emulator>
                <controller type='usb' model='none'/>
                \(balloonXML)
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

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;")
    }
}
