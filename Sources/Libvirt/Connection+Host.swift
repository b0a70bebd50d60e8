import CLibvirt
import Glibc
import Hypervisor

extension Connection {
    /// The host's memory; each part that the driver does not have is left out. Enters no monitor.
    ///
    /// - Throws: `LibvirtError` where the connection is lost.
    package func hostMemory() throws(LibvirtError) -> HostMemory {
        var memory = HostMemory()
        try readMemoryStats(into: &memory)
        try readFreeMemoryOfCells(into: &memory)
        try readSamepageMerging(into: &memory)
        return memory
    }

    /// The host's capabilities as XML (virConnectGetCapabilities).
    ///
    /// - Throws: `LibvirtError`.
    package func capabilities() throws(LibvirtError) -> String {
        let call = "virConnectGetCapabilities"
        guard let text = unsafe virConnectGetCapabilities(try requireOpen(call)) else { throw lastError(call) }
        defer { unsafe free(text) }
        return unsafe String(cString: text)
    }

    /// These pools with their free pages (virNodeGetFreePages); left unknown where the driver does not say.
    ///
    /// - Throws: `LibvirtError` where the connection is lost.
    package func withFreePages(_ pools: [HostPagePool]) throws(LibvirtError) -> [HostPagePool] {
        let call = "virNodeGetFreePages"
        let connection = try unsafe requireOpen(call)
        var filled = pools
        for index in pools.indices {
            guard var size = UInt32(exactly: pools[index].pageSize / 1024), let cell = Int32(exactly: pools[index].cell)
            else { continue }
            var free: UInt64 = 0
            let count = unsafe virNodeGetFreePages(connection, 1, &size, cell, 1, &free, 0)
            if count == 1 {
                filled[index].free = free
            } else if count < 0 {
                try tolerate(lastError(call))
            }
        }
        return filled
    }

    /// A part that the driver does not have, or cannot read now, is left out; a lost connection is not.
    private func tolerate(_ error: LibvirtError) throws(LibvirtError) {
        if error.isConnectionLost { throw error }
    }

    private func readMemoryStats(into memory: inout HostMemory) throws(LibvirtError) {
        let call = "virNodeGetMemoryStats"
        let connection = try unsafe requireOpen(call)
        let allCells = Int32(VIR_NODE_MEMORY_STATS_ALL_CELLS.rawValue)
        var count: Int32 = 0
        guard unsafe virNodeGetMemoryStats(connection, allCells, nil, &count, 0) == 0 else {
            return try tolerate(lastError(call))
        }
        var stats = [virNodeMemoryStats](repeating: virNodeMemoryStats(), count: Int(count))
        guard unsafe virNodeGetMemoryStats(connection, allCells, &stats, &count, 0) == 0 else {
            return try tolerate(lastError(call))
        }
        for stat in stats.prefix(Int(count)) {
            let name = unsafe withUnsafeBytes(of: stat.field) { field in
                unsafe String(decoding: field.prefix { $0 != 0 }, as: UTF8.self)
            }
            switch name {
            case VIR_NODE_MEMORY_STATS_TOTAL: memory.total = bytes(kibibytes: stat.value)
            case VIR_NODE_MEMORY_STATS_FREE: memory.free = bytes(kibibytes: stat.value)
            case VIR_NODE_MEMORY_STATS_BUFFERS: memory.buffers = bytes(kibibytes: stat.value)
            case VIR_NODE_MEMORY_STATS_CACHED: memory.cached = bytes(kibibytes: stat.value)
            default: break
            }
        }
    }

    /// More cells than any host of today has.
    private static let mostCells = 1024

    private func readFreeMemoryOfCells(into memory: inout HostMemory) throws(LibvirtError) {
        let call = "virNodeGetCellsFreeMemory"
        var cells = [UInt64](repeating: 0, count: Self.mostCells)
        let count = unsafe virNodeGetCellsFreeMemory(try requireOpen(call), &cells, 0, Int32(Self.mostCells))
        guard count >= 0 else { return try tolerate(lastError(call)) }
        memory.freeBytesByCell = Array(cells.prefix(Int(count)))
    }

    private func readSamepageMerging(into memory: inout HostMemory) throws(LibvirtError) {
        let call = "virNodeGetMemoryParameters"
        let connection = try unsafe requireOpen(call)
        var count: Int32 = 0
        guard unsafe virNodeGetMemoryParameters(connection, nil, &count, 0) == 0 else {
            return try tolerate(lastError(call))
        }
        var parameters = unsafe [virTypedParameter](repeating: virTypedParameter(), count: Int(count))
        guard unsafe virNodeGetMemoryParameters(connection, &parameters, &count, 0) == 0 else {
            return try tolerate(lastError(call))
        }
        unsafe parameters.withUnsafeBufferPointer { buffer in
            for index in 0..<min(Int(count), buffer.count) {
                unsafe memory.samepageMerging.take(TypedParameter(buffer.baseAddress! + index))
            }
        }
    }
}

extension HostMemory.SamepageMerging {
    fileprivate mutating func take(_ parameter: TypedParameter) {
        guard let value = unsafe parameter.unsignedLong else { return }
        if unsafe parameter.isNamed(VIR_NODE_MEMORY_SHARED_PAGES_SHARED) {
            shared = value
        } else if unsafe parameter.isNamed(VIR_NODE_MEMORY_SHARED_PAGES_SHARING) {
            sharing = value
        } else if unsafe parameter.isNamed(VIR_NODE_MEMORY_SHARED_PAGES_UNSHARED) {
            unshared = value
        } else if unsafe parameter.isNamed(VIR_NODE_MEMORY_SHARED_PAGES_VOLATILE) {
            volatile = value
        } else if unsafe parameter.isNamed(VIR_NODE_MEMORY_SHARED_FULL_SCANS) {
            fullScans = value
        }
    }
}
