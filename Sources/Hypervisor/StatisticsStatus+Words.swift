extension StatisticsStatus {
    /// What it means for a domain with this obstacle, in a few words.
    package func reason(_ obstacle: Obstacle?) -> String {
        switch (self, obstacle) {
        case (.unresponsive, .monitor): "the domain's QEMU does not answer libvirt"
        case (.unresponsive, .hypervisor): "libvirt is at work on the domain: a start, a destroy, a hook script"
        default: reason
        }
    }

    /// What it means, in a few words.
    package var reason: String {
        switch self {
        case .ok: "the figures are fresh"
        case .stale: "the guest's balloon driver stopped answering"
        case .noDevice: "the domain has no memory balloon device"
        case .noDriver: "the guest has no balloon driver, or one without statistics"
        case .noValues: "the guest's balloon driver answers without figures"
        case .noPeriod: "nobody asks the guest for its statistics"
        case .paused: "the guest is paused"
        case .busy: "another job holds the domain; it is asked again at the next scrape"
        case .unresponsive: "the domain's QEMU does not answer libvirt, or libvirt is at work on the domain"
        case .unsupported: "libvirt has no guest statistics for this hypervisor"
        }
    }

    /// What to do about it; nil where there is nothing to do.
    package var advice: String? {
        switch self {
        case .ok:
            nil
        case .stale:
            """
            See whether the guest still runs (its console, its network). In Linux: `lsmod | grep virtio_balloon`, and \
            load it again by `modprobe -r virtio_balloon; modprobe virtio_balloon`. In Windows: restart the service \
            BalloonService, or install it by `blnsvr.exe -i`.
            """
        case .noDevice:
            """
            Give the domain a balloon: `virsh edit DOMAIN`, make it `<memballoon model='virtio'/>`, then stop and start \
            the domain. In nova: set mem_stats_period_seconds above 0 in [libvirt], then hard-reboot the instance.
            """
        case .noDriver:
            """
            Load the driver in the guest. Linux: `modprobe virtio_balloon`; minimal images may come without it. \
            Windows: install virtio-win's guest tools. The drivers of the BSDs have no statistics. A guest that is still \
            booting gets there by itself.
            """
        case .noValues:
            """
            In Windows the driver needs its service: install virtio-win's guest tools, or run `blnsvr.exe -i` as \
            administrator.
            """
        case .noPeriod:
            """
            Let this exporter set a period (--memory-stats.period, and libvirt's read-write socket), or set it yourself: \
            `virsh dommemstat DOMAIN --period 10 --live`. For good: `<stats period='10'/>` in the domain's <memballoon>.
            """
        case .paused:
            "Its figures stand still until `virsh resume DOMAIN`."
        case .busy:
            "See `virsh domjobinfo DOMAIN`, and which other clients poll this domain."
        case .unresponsive:
            """
            QEMU's monitor is stuck: look at the process on the host (`ps -o stat,wchan -p PID`; D is storage that does \
            not answer, T a stopped process) and at `virsh domcontrol DOMAIN`.
            """
        case .unsupported:
            "Take the memory figures inside the guest, by node_exporter or windows_exporter."
        }
    }
}
