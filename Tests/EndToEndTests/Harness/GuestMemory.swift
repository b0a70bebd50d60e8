/// What a guest's own kernel says of its memory.
struct GuestMemory: Sendable {
    /// By the names of /proc/meminfo (kB) and /proc/vmstat.
    private let values: [String: UInt64]

    /// Reads a line of the console, as guest-init prints it.
    init(consoleLine: Substring) throws {
        values = try Dictionary(
            uniqueKeysWithValues: consoleLine.split(separator: " ").dropFirst().map { word in
                let parts = word.split(separator: "=")
                guard parts.count == 2, let value = UInt64(parts[1]) else {
                    throw TestbedError("the guest printed \"\(consoleLine)\"")
                }
                return (String(parts[0]), value)
            }
        )
    }

    subscript(name: String) -> UInt64 {
        get throws {
            guard let value = values[name] else { throw TestbedError("the guest said nothing of \(name)") }
            return value
        }
    }
}
