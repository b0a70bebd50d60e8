import Foundation

/// Where the parts of the testbed are.
enum TestbedFiles {
    static let scripts = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Testbed")

    /// What `Tests/Testbed/prepare` made.
    static let prepared = scripts.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: ".build/testbed")

    /// The exporter of the same build as these tests.
    static let exporter = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "libvirt-memory-exporter")

    static func requirePrepared() throws {
        guard FileManager.default.fileExists(atPath: prepared.appending(path: "prepared").path) else {
            throw TestbedError("there is no testbed in \(prepared.path): run \"make testbed\"")
        }
    }

    /// The command line that runs a program of the testbed, with the libraries of the testbed.
    static func program(_ name: String) -> [String] {
        let libraries = prepared.appending(path: "root/lib/x86_64-linux-gnu").path
        return [
            libraries + "/ld-linux-x86-64.so.2", "--library-path", libraries,
            prepared.appending(path: "root/usr/bin/\(name)").path,
        ]
    }
}
