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
            network.
            """
    )

    @OptionGroup
    var hypervisor: HypervisorOptions

    @OptionGroup
    var memoryStats: PeriodOptions

    @OptionGroup
    var log: LogOptions

    func validate() throws {
        guard memoryStats.period.seconds > 0 else {
            throw ValidationError("`period` with --memory-stats.period=0 would do nothing; give a period, as 10s.")
        }
    }

    func run() async throws {
        let logger = log.logger()
        try await LibvirtMemoryExporter.orExit(logger) {
            try await PeriodApplication(
                libvirtURI: hypervisor.uri,
                seconds: memoryStats.period.seconds,
                serviceManager: ServiceManager(environment: ProcessInfo.processInfo.environment),
                logger: logger
            ).run()
        }
    }
}
