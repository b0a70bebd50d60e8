import Logging
import ServiceLifecycle

extension ServiceGroup {
    /// Runs the services until SIGTERM or SIGINT ends them, the last one first.
    ///
    /// - Parameter patience: what is not done so long after the signal is cut off.
    static func run(_ services: [any Service], endingWithin patience: Duration, logger: Logger) async throws {
        // What it says at info is said already, in an operator's words.
        var lifecycleLogger = logger
        lifecycleLogger.logLevel = max(.error, logger.logLevel)
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: lifecycleLogger
        )
        group.maximumGracefulShutdownDuration = patience
        try await ServiceGroup(configuration: group).run()
        logger.info("stopped")
    }
}

/// Runs for as long as the process does.
struct BackgroundService: Service {
    let body: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await body() }
    }
}
