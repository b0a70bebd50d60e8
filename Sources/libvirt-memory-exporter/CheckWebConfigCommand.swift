import ArgumentParser
import Logging
import MetricsHTTP

/// The command `libvirt-memory-exporter check-web-config`.
struct CheckWebConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-web-config",
        abstract:
            "Checks a file for --web.config.file, with the certificates and keys it names, and says what it grants.",
        discussion: "It ends with 0 if the file is good, and with 1 if it is not."
    )

    @Argument(help: "The file.")
    var file: String

    func run() throws {
        let silent = Logger(label: "check-web-config") { _ in SwiftLogNoOpLogHandler() }
        print("\(file): \(try WebConfigurationFile(path: file, logger: silent).current.summary)")
    }
}
