import Foundation
import Testing

/// A unit of deploy/systemd.
struct UnitFile: Sendable, CustomTestStringConvertible {
    /// The one that faces the network, and the one that sets periods.
    static let exporter = UnitFile(name: "libvirt-memory-exporter.service", user: 64101, hasNetwork: true)
    static let period = UnitFile(name: "libvirt-memory-stats-period.service", user: 64102, hasNetwork: false)

    let name: String
    /// The number that libvirtd-run gives its user.
    let user: Int
    let hasNetwork: Bool

    static let directory = TestbedFiles.scripts.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "deploy/systemd")

    var file: URL { Self.directory.appending(path: name) }
    var testDescription: String { name }

    /// The values of a setting, in their order.
    func values(of setting: String) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { $0.hasPrefix(setting + "=") }.map { String($0.dropFirst(setting.count + 1)) }
    }

    /// What the unit runs, with the exporter of these tests.
    func command() throws -> [String] {
        let words = try values(of: "ExecStart")[0].split(separator: " ").map(String.init).filter { $0 != "$ARGS" }
        return [TestbedFiles.exporter.path] + words.dropFirst()
    }

    /// The same in a sandbox whose libvirt is that of this directory.
    func sandboxedCommand(_ directory: URL) throws -> [String] {
        try sandboxed(command(), directory)
    }

    /// A command of this unit's user, in its sandbox.
    func sandboxed(_ command: [String], _ directory: URL) -> [String] {
        [TestbedFiles.scripts.appending(path: "sandbox").path, directory.path, "\(user)"]
            + (hasNetwork ? [] : ["--no-network"]) + command
    }
}
