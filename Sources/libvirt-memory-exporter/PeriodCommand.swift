import ArgumentParser
import ExporterService
import FoundationEssentials
import Systemd

/// The command `libvirt-memory-exporter period`.
struct PeriodCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "period",
        abstract: "Sets the statistics period of running domains that have none, and does nothing else.",
        discussion: """
            For a host where the exporter itself, which faces the network, is not to be able to change a guest: that one \
            runs with --memory-stats.period=0 and reads only, and this one needs libvirt's read-write socket and no \
            network. Of the options without `period` it takes --libvirt.uri, --memory-stats.period, --log.level and \
            --log.format.
            """
    )

    /// The options are those of the whole command.
    @ParentCommand var exporter: LibvirtMemoryExporter

    func run() async throws {
        guard let seconds = exporter.statsPeriodSeconds, seconds > 0 else {
            throw ValidationError("`period` with --memory-stats.period=0 would do nothing; give a period, as 10s.")
        }
        let logger = exporter.logger()
        try await exporter.orExit(logger) {
            try await PeriodApplication(
                libvirtURI: exporter.libvirtURI,
                seconds: seconds,
                serviceManager: ServiceManager(environment: ProcessInfo.processInfo.environment),
                logger: logger
            ).run()
        }
    }
}
