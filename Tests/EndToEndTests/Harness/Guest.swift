import Foundation

/// A real guest: a QEMU that boots Linux, and says on its console what its kernel knows of its memory.
struct Guest: LibvirtDomain {
    let specification: GuestSpecification
    let libvirtd: LibvirtDaemon

    var name: String { specification.name }
    var uuid: String { specification.uuid }

    private var console: URL { libvirtd.directory.appending(path: "\(uuid).console") }
    private var consoleLog: URL { libvirtd.directory.appending(path: "\(uuid).log") }

    /// Starts a guest; it boots meanwhile, see ``booted()``.
    static func start(_ specification: GuestSpecification, libvirtd: LibvirtDaemon) async throws -> Guest {
        let guest = Guest(specification: specification, libvirtd: libvirtd)
        try await libvirtd.virsh(["create"] + guest.startFlags + [try guest.writeXML()])
        return guest
    }

    /// Defines a guest, which does not run yet, see ``start()``.
    static func define(_ specification: GuestSpecification, libvirtd: LibvirtDaemon) async throws -> Guest {
        let guest = Guest(specification: specification, libvirtd: libvirtd)
        try await libvirtd.virsh("define", try guest.writeXML())
        return guest
    }

    /// Starts a guest that is defined.
    func start() async throws { try await libvirtd.virsh(["start"] + startFlags + [uuid]) }

    private var startFlags: [String] { specification.hasSystem ? [] : ["--paused"] }

    /// Writes the domain's XML, and says where.
    private func writeXML() throws -> String {
        let xml = libvirtd.directory.appending(path: "\(uuid).xml")
        try specification.domainXML(console: console, consoleLog: consoleLog)
            .write(to: xml, atomically: true, encoding: .utf8)
        // libvirtd would create it for root alone.
        try Data().write(to: consoleLog)
        return xml.path
    }

    /// Waits until the guest has booted and done what its specification asks, and says its first words.
    @discardableResult
    func booted() async throws -> GuestMemory {
        try await eventually(within: .seconds(60)) {
            guard let first = try consoleLines().first else { throw TestbedError("\(name) has not booted yet") }
            return first
        }
    }

    /// What the guest's kernel said last.
    func memory() throws -> GuestMemory {
        guard let last = try consoleLines().last else { throw TestbedError("\(name) has said nothing yet") }
        return last
    }

    /// Has the guest write this much to its tmpfs, in place of what is there; 0 empties it.
    func fill(mebibytes: Int) async throws {
        try await tell(mebibytes > 0 ? "fill \(mebibytes)" : "free")
    }

    /// Has the guest take its balloon's driver away, while it runs on.
    func unloadDriver() async throws { try await tell("unload") }

    /// Has the guest load its balloon's driver again.
    func loadDriver() async throws { try await tell("load") }

    /// Writes a command of guest-init to the console.
    private func tell(_ command: String) async throws {
        let console = console
        let connection = try await offPool {
            let connection = try Connection(unixSocket: console.path)
            try connection.send(Data((command + "\n").utf8))
            return connection
        }
        // QEMU reads 8 bytes at a time, and drops the rest once the other side has closed.
        try await Task.sleep(for: .milliseconds(500))
        withExtendedLifetime(connection) {}
    }

    /// What `virsh dommemstat` says, by the names that it uses: KiB, counts and Unix seconds.
    func dommemstat() async throws -> [String: UInt64] {
        let lines = try await libvirtd.virsh("dommemstat", uuid).split(separator: "\n")
        return try Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let words = line.split(separator: " ")
                guard words.count == 2, let value = UInt64(words[1]) else {
                    throw TestbedError("virsh dommemstat printed \"\(line)\"")
                }
                return (String(words[0]), value)
            }
        )
    }

    /// The live XML of the domain.
    func xml() async throws -> String { try await libvirtd.virsh("dumpxml", uuid) }

    func destroy() async throws { try await libvirtd.virsh("destroy", uuid) }

    func suspend() async throws { try await libvirtd.virsh("suspend", uuid) }

    func resume() async throws { try await libvirtd.virsh("resume", uuid) }

    /// Stops its QEMU by SIGSTOP, which libvirtd does not know of.
    func freeze() async throws { try await libvirtd.freezeGuest(uuid) }

    func thaw() async throws { try await libvirtd.thawGuest(uuid) }

    /// Ends its QEMU by SIGKILL, which works on a frozen one too.
    func kill() async throws { try await libvirtd.killGuest(uuid) }

    private func consoleLines() throws -> [GuestMemory] {
        let log = String(decoding: try Data(contentsOf: consoleLog), as: UTF8.self)
        // The last piece is empty, or a line that is not whole yet.
        return try log.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            .filter { $0.hasPrefix("LME ") }.map(GuestMemory.init(consoleLine:))
    }
}
