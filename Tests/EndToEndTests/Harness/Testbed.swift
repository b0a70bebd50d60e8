import Foundation

/// All that one test starts: a libvirtd with its guests, exporters, Prometheus. Everything ends with the test.
actor Testbed {
    nonisolated let libvirtd: LibvirtDaemon
    private var processes: [ChildProcess] = []

    private init(libvirtd: LibvirtDaemon) {
        self.libvirtd = libvirtd
    }

    /// Runs a test with a testbed of its own, whose libvirtd runs unless it is said otherwise.
    ///
    /// - Parameter settings: lines for libvirtd.conf.
    static func run(
        driver: LibvirtDaemon.Driver = .qemu,
        startingLibvirtd: Bool = true,
        settings: [String] = [],
        _ test: (Testbed) async throws -> Void
    ) async throws {
        // Not below the checkout, whose path may be too long for a Unix socket.
        let directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lme-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        let libvirtd = try await LibvirtDaemon(directory: directory, driver: driver, settings: settings)
        let testbed = Testbed(libvirtd: libvirtd)
        do {
            if startingLibvirtd { try await testbed.libvirtd.start() }
            try await test(testbed)
        } catch {
            await testbed.printLogs()
            try? await testbed.end()
            throw error
        }
        try await testbed.end()
    }

    /// Where this test may write.
    nonisolated var directory: URL { libvirtd.directory }

    /// Starts guests, all at once, and waits until they have booted.
    nonisolated func startGuests(_ specifications: GuestSpecification...) async throws -> [Guest] {
        var guests: [Guest] = []
        for specification in specifications {
            guests.append(try await Guest.start(specification, libvirtd: libvirtd))
        }
        for guest in guests where guest.specification.hasSystem {
            try await guest.booted()
        }
        return guests
    }

    /// Starts a guest, and waits until it has booted.
    nonisolated func startGuest(_ specification: GuestSpecification) async throws -> Guest {
        try await startGuests(specification)[0]
    }

    /// Starts an exporter that collects anew for each scrape.
    func startExporter(_ flags: String..., environment: [String: String] = [:]) async throws -> ExporterProcess {
        let exporter = try await ExporterProcess.start(
            ["--libvirt.uri=\(libvirtd.uri)", "--collect.max-age=0s"] + flags,
            environment: environment,
            log: directory.appending(path: "exporter-\(processes.count).log")
        )
        processes.append(exporter.process)
        return exporter
    }

    /// Starts the command of a unit in deploy/systemd as its user, in a sandbox like the unit's.
    func startExporter(
        of unit: UnitFile,
        environment: [String: String] = [:]
    ) async throws -> ExporterProcess {
        let exporter = try await ExporterProcess.start(
            ["--collect.max-age=0s"],
            command: try unit.sandboxedCommand(directory),
            environment: environment,
            log: directory.appending(path: "exporter-\(processes.count).log")
        )
        processes.append(exporter.process)
        return exporter
    }

    /// Starts a command that ends with the test.
    func start(_ command: [String], environment: [String: String] = [:]) async throws -> ChildProcess {
        let process = try ChildProcess(
            command,
            environment: environment,
            output: directory.appending(path: "process-\(processes.count).log")
        )
        processes.append(process)
        return process
    }

    /// Starts the process that only sets periods, which tells the socket how it is.
    func startPeriod(telling notify: NotifySocket, watchdogSeconds: Int) async throws -> ChildProcess {
        try await start(
            [TestbedFiles.exporter.path, "period", "--libvirt.uri=\(libvirtd.uri)"],
            environment: notify.environment(watchdogSeconds: watchdogSeconds)
        )
    }

    func startPrometheus(scraping exporter: ExporterProcess) async throws -> PrometheusServer {
        let prometheus = try await PrometheusServer.start(
            scraping: exporter.port,
            directory: directory.appending(path: "prometheus")
        )
        processes.append(prometheus.process)
        return prometheus
    }

    /// Starts a Prometheus of this configuration.
    func startPrometheus(configuration yaml: String) async throws -> PrometheusServer {
        let prometheus = try await PrometheusServer.start(
            configuration: yaml,
            directory: directory.appending(path: "prometheus-\(processes.count)")
        )
        processes.append(prometheus.process)
        return prometheus
    }

    /// Starts Alertmanager, and a Prometheus with the project's rules that scrapes the exporter and sends it the alerts.
    func startAlerting(scraping exporter: ExporterProcess) async throws -> AlertmanagerServer {
        let alertmanager = try await AlertmanagerServer.start(directory: directory.appending(path: "alertmanager"))
        processes.append(alertmanager.process)
        let prometheus = try await PrometheusServer.start(
            configuration: """
                global: {scrape_interval: 2s, scrape_timeout: 2s, evaluation_interval: 1s}
                rule_files: ['\(try PrometheusRules.hasty(in: directory).path)/*.yml']
                alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:\(alertmanager.port)']}]}]}
                scrape_configs: [{job_name: libvirt, static_configs: [{targets: ['127.0.0.1:\(exporter.port)']}]}]
                """,
            directory: directory.appending(path: "prometheus")
        )
        processes.append(prometheus.process)
        return alertmanager
    }

    private func end() async throws {
        var failure: (any Error)?
        for process in processes.reversed() {
            do { try await process.end() } catch { failure = error }
        }
        try await libvirtd.end()
        if let failure { throw failure }
    }

    /// The logs are deleted with the directory, but a failure may need them.
    private func printLogs() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        for name in names.sorted() where name.hasSuffix(".log") {
            let log = (try? String(contentsOf: directory.appending(path: name), encoding: .utf8)) ?? ""
            print("--- the end of \(name):\n\(log.suffix(2000))")
        }
    }
}
