import ArgumentParser
import ExporterService
import Logging
import WebConfiguration

/// The command `libvirt-memory-exporter check-web-config`.
struct CheckWebConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-web-config",
        abstract:
            "Checks a file for --web.config.file, with the certificates and keys it names, and says what it grants.",
        discussion: """
            It ends with 0 if the file is good, and with 1 if it is not. What an exporter would warn of, as a certificate \
            that has expired, it says on standard error, and ends with 0.
            """
    )

    @Argument(help: "The file.")
    var file: String

    func run() throws {
        let warnings = Logger(label: "check-web-config") { _ in OperatorLog(level: .warning, format: .logfmt) }
        print("\(file): \(try WebConfigurationFile(path: file, logger: warnings).current.summary)")
    }
}
