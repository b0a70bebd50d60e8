import Foundation

/// The project's rules, as they stand in `deploy/prometheus`.
enum PrometheusRules {
    static let project = TestbedFiles.scripts.deletingLastPathComponent().deletingLastPathComponent()
    static let directory = project.appending(path: "deploy/prometheus")
    static let core = ["thresholds", "rules", "alerts"].map { directory.appending(path: "libvirt-memory.\($0).yml") }

    /// Copies the rules, and has the alerts fire at once and end at once.
    static func hasty(in directory: URL) throws -> URL {
        let copies = directory.appending(path: "rules")
        try FileManager.default.createDirectory(at: copies, withIntermediateDirectories: false)
        for file in core {
            try String(contentsOf: file, encoding: .utf8)
                .replacing(/\b(for|keep_firing_for): [0-9]+m\n/) { "\($0.1): 1s\n" }
                .write(to: copies.appending(path: file.lastPathComponent), atomically: true, encoding: .utf8)
        }
        return copies
    }

    static func files(in folder: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: directory.appending(path: folder),
            includingPropertiesForKeys: nil
        )
        .sorted { $0.path < $1.path }
    }
}
