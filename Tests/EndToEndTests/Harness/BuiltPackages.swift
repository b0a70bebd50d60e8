import Foundation

/// What `make deb` and `make rpm` made.
enum BuiltPackages {
    static let directory = TestbedFiles.prepared.deletingLastPathComponent().appending(path: "packages")

    /// The one package with this ending, `deb` or `rpm`.
    static func package(_ ending: String) throws -> URL {
        let files = (try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)) ?? []
        let packages = files.filter { $0.pathExtension == ending }
        guard packages.count == 1 else {
            throw TestbedError(
                "\(packages.count) packages in \(directory.path) end in .\(ending): run \"make \(ending)\""
            )
        }
        return packages[0]
    }

    /// The binary that is in both.
    static let exporter = directory.appending(path: "libvirt-memory-exporter")
}
