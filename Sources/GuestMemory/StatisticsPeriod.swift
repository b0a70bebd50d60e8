import Libvirt
import Logging

/// Has the hypervisor poll the statistics of the domains for which nobody set a period, as nova does by its
/// `mem_stats_period_seconds`; one that has a period keeps it.
public struct StatisticsPeriod: Sendable {
    /// How long one domain's call may take before it is left behind: it waits for the domain's monitor.
    private static let patience = Duration.seconds(5)
    /// When the domains that could not be set are tried again.
    private static let retryInterval = Duration.seconds(60)

    /// What is read within so short a time, as all domains are at the start, is looked through once.
    private static let pause = Duration.milliseconds(100)

    /// With so many calls left behind no period is set: the rest of the bound is for collecting.
    private static let leftBehindBound = 2

    private let seconds: UInt32
    private let uri: String
    private let inventory: Inventory
    private let calls: LibvirtCalls
    private let logger: Logger

    /// - Parameters:
    ///   - seconds: the period to set; above 0.
    ///   - uri: the hypervisor's address; a read-write connection is opened only while there is a period to set.
    public init(
        seconds: UInt32,
        uri: String,
        inventory: Inventory,
        calls: LibvirtCalls,
        logger: Logger
    ) {
        self.seconds = seconds
        self.uri = uri
        self.inventory = inventory
        self.calls = calls
        self.logger = logger
    }

    /// Sets periods until the task is cancelled.
    public func run() async {
        let (occasions, occasion) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        await withTaskGroup { group in
            group.addTask { [inventory] in
                for await _ in inventory.changes {
                    occasion.yield()
                    try? await Task.sleep(for: Self.pause)
                }
            }
            group.addTask {
                while (try? await Task.sleep(for: Self.retryInterval)) != nil { occasion.yield() }
            }
            var refusals = Refusals()
            for await _ in occasions {
                await setAllMissing(&refusals)
            }
            group.cancelAll()
        }
    }

    private func setAllMissing(_ refusals: inout Refusals) async {
        let now = ContinuousClock.now
        let lacking = inventory.domainsWithoutPeriod
        refusals.forget(allBut: lacking)
        var missing = lacking.filter { refusals.mayTry($0, at: now) }
        while !missing.isEmpty, calls.leftBehind < Self.leftBehindBound {
            do {
                guard let connection = try await connect() else { return }
                while let domain = missing.popLast() {
                    // Until it is known to have worked it counts as refused, so that a call that never returns is not
                    // made again at once.
                    refusals.retry(domain, after: now + Self.retryInterval)
                    try await set(domain, by: connection, &refusals)
                }
            } catch is DeadlineExceeded {
                // The others are set by another connection.
                continue
            } catch let error as LibvirtError {
                for domain in missing { refusals.retry(domain, after: now + Self.retryInterval) }
                if refusals.isNews(error) {
                    logger.warning(
                        """
                        cannot set statistics periods; guests without one report no fresh figures \
                        (set them by <stats period>, or let this service use libvirt's read-write socket)
                        """,
                        metadata: ["error": "\(error)"]
                    )
                }
                return
            } catch {
                return
            }
        }
    }

    /// A read-write connection; nil where libvirtd does not answer: trying again at once would not help.
    private func connect() async throws -> Connection? {
        do {
            return try await calls.run(until: .now + Self.patience) { [uri] in
                try await Connection.open(uri, access: .readWrite, name: "libvirt-period")
            }
        } catch is DeadlineExceeded {
            logger.warning("libvirtd does not take a further connection; statistics periods are set later")
            return nil
        }
    }

    /// - Throws: what concerns all domains: a lost connection, no permission, no time left.
    private func set(_ domain: DomainID, by connection: Connection, _ refusals: inout Refusals) async throws {
        do {
            try await calls.run(until: .now + Self.patience) { [seconds] in
                try await connection.setMemoryStatsPeriod(Int32(clamping: seconds), of: domain.uuid)
            }
            inventory.periodWasSet(to: seconds, of: domain.uuid)
            refusals.succeeded(domain)
            logger.info(
                "statistics period set",
                metadata: ["domain": "\(domain.name)", "uuid": "\(domain.uuid)", "seconds": "\(seconds)"]
            )
        } catch let error as DeadlineExceeded {
            logger.warning(
                "a domain's monitor does not answer; setting its statistics period is left behind",
                metadata: ["domain": "\(domain.name)", "uuid": "\(domain.uuid)"]
            )
            throw error
        } catch let error as LibvirtError where !error.isConnectionLost && !error.isPermissionDenied {
            // That it does not run is one reason for such an error; others are reasons to tell.
            if error.isDomainGone, try await !isActive(domain, on: connection) { return refusals.ended(domain) }
            logger.warning(
                "cannot set a domain's statistics period",
                metadata: ["domain": "\(domain.name)", "uuid": "\(domain.uuid)", "error": "\(error)"]
            )
        }
    }

    private func isActive(_ domain: DomainID, on connection: Connection) async throws -> Bool {
        try await calls.run(until: .now + Self.patience) { try await connection.activeDomainIDs() }
            .contains { $0.uuid == domain.uuid }
    }
}

/// The domains whose period could not be set, and when to try them again; and what has been said about it already.
private struct Refusals {
    private var nextTry: [DomainID: ContinuousClock.Instant] = [:]
    private var said: String?

    func mayTry(_ domain: DomainID, at now: ContinuousClock.Instant) -> Bool {
        nextTry[domain].map { $0 <= now } ?? true
    }

    mutating func retry(_ domain: DomainID, after instant: ContinuousClock.Instant) {
        nextTry[domain] = instant
    }

    mutating func forget(allBut domains: [DomainID]) {
        let kept = Set(domains)
        nextTry = nextTry.filter { kept.contains($0.key) }
    }

    /// Once it has ended a domain may start anew at any moment, and is tried at once then.
    mutating func ended(_ domain: DomainID) {
        nextTry[domain] = nil
    }

    /// Whether this failure has not been said since the last success.
    mutating func isNews(_ error: LibvirtError) -> Bool {
        defer { said = error.message }
        return said != error.message
    }

    mutating func succeeded(_ domain: DomainID) {
        nextTry[domain] = nil
        said = nil
    }
}
