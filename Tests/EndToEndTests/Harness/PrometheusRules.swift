import Foundation

/// The project's rules, as they stand in `deploy/prometheus`.
enum PrometheusRules {
    static let project = TestbedFiles.scripts.deletingLastPathComponent().deletingLastPathComponent()
    static let directory = project.appending(path: "deploy/prometheus")
    static let core = ["thresholds", "rules", "alerts"].map { directory.appending(path: "libvirt-memory.\($0).yml") }
    /// The series that the alerts and the dashboards use.
    static let recording = directory.appending(path: "libvirt-memory.rules.yml")
    /// The example of limits for single guests, projects and hosts.
    static let overrides = directory.appending(path: "examples/libvirt-memory.overrides.yml")
    /// Where the runbooks are, as the alerts and the dashboards are shipped.
    static let runbooks = "file:///usr/share/doc/libvirt-memory-exporter/docs/runbooks"

    /// All files of rules.
    static func all() throws -> [URL] {
        try core + [overrides] + files(in: "compatibility")
    }

    /// Copies the rules, and has the alerts fire at once and end at once: they look back over 3 seconds instead of some
    /// minutes, which one scrape in two seconds fills, and need to be true but once.
    static func hasty(in directory: URL) throws -> URL {
        let copies = directory.appending(path: "rules")
        try FileManager.default.createDirectory(at: copies, withIntermediateDirectories: false)
        for file in core {
            try String(contentsOf: file, encoding: .utf8)
                .replacing(/\b(for|keep_firing_for): [0-9]+m\n/) { "\($0.1): 1s\n" }
                .replacing(/\[(6|10|30)m\]/, with: "[3s]")
                .replacing(/\[(10m:1m|30m:5m)\]/, with: "[3s:1s]")
                .replacing("]) >= 5", with: "]) >= 1")
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
