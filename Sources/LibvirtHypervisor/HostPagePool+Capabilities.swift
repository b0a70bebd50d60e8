import Hypervisor
import XML

extension HostPagePool {
    /// The pools of huge pages in a `<capabilities>` element: of each NUMA cell all sizes but the smallest, which are
    /// the ordinary pages (libvirt.org/formatcaps.html).
    static func all(inCapabilities capabilities: XMLElement) -> [HostPagePool] {
        let cells = capabilities.child("host")?.child("topology")?.child("cells")?.children ?? []
        let pools = cells.flatMap { cell -> [HostPagePool] in
            guard cell.name == "cell", let number = cell.attributes["id"].flatMap({ UInt32($0) }) else { return [] }
            let pools = cell.children.compactMap { pages -> HostPagePool? in
                guard pages.name == "pages", let total = UInt64(pages.text),
                    let size = amount(pages.attributes["size"], unit: pages.attributes["unit"])
                else { return nil }
                return HostPagePool(cell: number, pageSize: size, total: total)
            }
            let ordinary = pools.map(\.pageSize).min()
            return pools.filter { $0.pageSize != ordinary }
        }
        return pools.first(ofEach: { [UInt64($0.cell), $0.pageSize] })
    }
}
