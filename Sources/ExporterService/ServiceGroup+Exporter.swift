import Collection
import Glibc
import Logging
import ServiceLifecycle

extension ServiceGroup {
    /// Runs the services until SIGTERM, SIGINT or SIGHUP ends them, the last one first. Where SIGHUP is ignored from the
    /// start, as by nohup(1), it stays so.
    ///
    /// - Parameter patience: what is not done so long after the signal is cut off.
    static func run(_ services: [any Service], endingWithin patience: Duration, logger: Logger) async throws {
        // What it says at info is said already, in an operator's words.
        var lifecycleLogger = logger
        lifecycleLogger.logLevel = max(.error, logger.logLevel)
        var group = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            // Files are read again without a signal: SIGHUP says that the terminal went away.
            gracefulShutdownSignals: [.sigterm, .sigint] + (isHangupIgnored ? [] : [.sighup]),
            logger: lifecycleLogger
        )
        group.maximumGracefulShutdownDuration = patience
        try await ServiceGroup(configuration: group).run()
        logger.info("stopped")
    }
}

private var isHangupIgnored: Bool {
    var action = sigaction()
    sigaction(SIGHUP, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}

/// Runs for as long as the process does.
struct BackgroundService: Service {
    let body: @Sendable () async -> Void

    func run() async throws {
        await cancelWhenGracefulShutdown { await body() }
    }
}

/// Ends the process where the hypervisor's address is wrong from the start; else it does nothing.
struct AddressCheck: Service {
    let observer: HypervisorObserver

    func run() async throws {
        try await observer.checkAddress()
        try? await gracefulShutdown()
    }
}
