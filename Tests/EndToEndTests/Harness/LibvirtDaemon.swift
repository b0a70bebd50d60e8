import Foundation

/// A libvirtd of the tests' own, in namespaces of its own, kept by `Tests/Testbed/libvirtd-run`.
///
/// Its guests live on when it is stopped or killed, until ``end()``.
actor LibvirtDaemon {
    /// The one driver that it has, by the name in libvirt's addresses.
    enum Driver: String {
        case qemu
        case lxc
    }

    nonisolated let directory: URL
    nonisolated let driver: Driver
    private let keeper = Process()
    private let commands = Pipe()
    private let answers = Pipe()

    /// Makes the namespaces, without starting libvirtd in them.
    ///
    /// - Parameters:
    ///   - directory: where its sockets and logs are; deleted at the end.
    ///   - settings: lines for libvirtd.conf.
    init(directory: URL, driver: Driver, settings: [String]) async throws {
        try TestbedFiles.requirePrepared()
        self.directory = directory
        self.driver = driver
        keeper.executableURL = TestbedFiles.scripts.appending(path: "libvirtd-run")
        keeper.arguments = [TestbedFiles.prepared.path, directory.path, driver.rawValue] + settings
        keeper.standardInput = commands
        keeper.standardOutput = answers
        try keeper.runWithoutMask()
        guard try await answer() == "ready\n" else {
            throw TestbedError("libvirtd-run could not make its namespaces; it says why on standard error")
        }
    }

    /// What a client of libvirt opens.
    nonisolated var uri: String { "\(driver.rawValue)+unix:///system?socket=\(directory.path)/libvirt-sock" }

    /// Starts libvirtd, again if it ended, and waits until it answers.
    func start() async throws {
        try await command("start")
        _ = try await eventually(within: .seconds(20)) { try await self.virsh("version") }
    }

    /// Ends libvirtd as its service manager would.
    func stop() async throws { try await command("stop") }

    /// Ends libvirtd by SIGKILL.
    func kill() async throws { try await command("kill") }

    /// Stops libvirtd, as it hangs.
    func freeze() async throws { try await command("freeze") }

    /// Lets a frozen libvirtd go on.
    func thaw() async throws { try await command("thaw") }

    /// Stops the QEMU of a guest, as it hangs.
    func freezeGuest(_ uuid: String) async throws { try await command("freeze-guest \(uuid)") }

    /// Lets the QEMU of a frozen guest go on.
    func thawGuest(_ uuid: String) async throws { try await command("thaw-guest \(uuid)") }

    /// Ends the QEMU of a guest by SIGKILL, frozen or not.
    func killGuest(_ uuid: String) async throws { try await command("kill-guest \(uuid)") }

    /// Has libvirt's hook script take so long for this operation on this domain; to be called before ``start()``.
    func hook(_ operation: String, of domain: String, seconds: Int) async throws {
        try await command("hook \(operation) \(domain) \(seconds)")
    }

    /// Runs libvirt's own client, and says what it printed.
    @discardableResult
    nonisolated func virsh(_ arguments: String...) async throws -> String {
        try await virsh(arguments)
    }

    /// The same, for arguments that stand in an array.
    @discardableResult
    nonisolated func virsh(_ arguments: [String]) async throws -> String {
        let command = TestbedFiles.program("virsh") + ["--connect", uri] + arguments
        return String(decoding: try await ChildProcess.run(command), as: UTF8.self)
    }

    /// Runs the client of libvirtd's own administration, and says what it printed.
    nonisolated func virtAdmin(_ arguments: String...) async throws -> String {
        let socket = "libvirtd:///system?socket=\(directory.path)/libvirt-admin-sock"
        let command = TestbedFiles.program("virt-admin") + ["--connect", socket] + arguments
        return String(decoding: try await ChildProcess.run(command), as: UTF8.self)
    }

    /// Ends libvirtd and all its guests, and deletes the directory.
    func end() async throws {
        try commands.fileHandleForWriting.close()
        try await eventually(within: .seconds(10)) {
            try require(!self.keeper.isRunning, "libvirtd and its namespaces have ended")
        }
    }

    private func command(_ line: String) async throws {
        try commands.fileHandleForWriting.write(contentsOf: Data((line + "\n").utf8))
        guard try await answer() == "done\n" else {
            throw TestbedError("libvirtd-run could not \(line); it says why on standard error")
        }
    }

    /// The next line that libvirtd-run says: it is short and written at once, so it comes whole.
    private func answer() async throws -> String {
        let output = answers.fileHandleForReading
        return try await offPool { String(decoding: output.availableData, as: UTF8.self) }
    }
}
