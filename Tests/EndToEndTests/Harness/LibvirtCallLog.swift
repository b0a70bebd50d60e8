import Foundation

/// The log of libvirt's library in an exporter, in which each call of the library stands.
struct LibvirtCallLog: Sendable {
    let file: URL

    /// What makes the library of a process write it.
    var environment: [String: String] {
        ["LIBVIRT_LOG_FILTERS": "1:libvirt", "LIBVIRT_LOG_OUTPUTS": "1:file:\(file.path)"]
    }

    /// How often each function was called so far. A line is "TIME: THREAD: debug : FUNCTION:LINE : …".
    func calls() throws -> [String: Int] {
        try String(contentsOf: file, encoding: .utf8).split(separator: "\n").reduce(into: [:]) { counts, line in
            if let call = line.firstMatch(of: /: debug : (\w+):/) {
                counts[String(call.1), default: 0] += 1
            }
        }
    }
}
