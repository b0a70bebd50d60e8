import HTTP
import Logging
import Synchronization

/// A web configuration that follows its file, and the certificates and keys that the file names.
///
/// When it is used, at most once a second, it compares what stat(2) reports of all of them, and reads them again if that
/// has changed. So every way of changing a file is noticed: written in place, renamed over, or behind a symbolic link
/// that moves, as in Kubernetes. A file takes effect a second after its last change, because it may be half written
/// before. A broken configuration never takes effect.
package final class WebConfigurationFile: Sendable {
    /// One reading of the files.
    private struct Reading {
        var configuration: WebConfiguration
        var tls: TLSContext?
        /// Whether the file holds nothing, or comments and nulls alone, as a half-written file may. Such a file never
        /// lifts restrictions.
        var isBlank: Bool
        /// The states of all files before they were read, by their paths.
        var states: [String: FileState]
    }

    private struct State {
        var inForce: Reading
        /// The states of the files that were read last, whether they were good or broken.
        var judged: [String: FileState]
        var nextCheck: Duration
        var isChecking = false
        /// The files that were reported as readable by every user of the host.
        var exposed: Set<String> = []
        var hasReportedHTTP2 = false
    }

    private let path: String
    private let logger: Logger
    private let now: @Sendable () -> Duration
    private let state: Mutex<State>

    private static let checkInterval: Duration = .seconds(1)

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - path: The file's path; relative paths in it start from its folder.
    ///   - logger: Receives what is in force, and what is wrong, once a change.
    /// - Throws: `WebConfigurationError` if something is wrong with one of the files.
    package convenience init(path: String, logger: Logger) throws(WebConfigurationError) {
        try self.init(path: path, logger: logger, now: Duration.sinceEpoch)
    }

    /// - Parameter now: The time since 1970.
    init(path: String, logger: Logger, now: @escaping @Sendable () -> Duration) throws(WebConfigurationError) {
        self.path = path
        self.logger = logger
        self.now = now
        var states: [String: FileState] = [:]
        let reading = try Self.read(path, inForce: nil, &states)
        state = Mutex(State(inForce: reading, judged: states, nextCheck: now() + Self.checkInterval))
        logger.info("web configuration", metadata: metadata(of: reading.configuration))
        if reading.isBlank {
            logger.warning("the web configuration is empty and restricts nothing", metadata: ["file": "\(path)"])
        }
        warn(about: reading)
    }

    /// The configuration in force.
    package var current: WebConfiguration { upToDate().configuration }

    /// The TLS in force, if any: the same object until its settings or files change.
    package var tls: TLSContext? { upToDate().tls }

    /// What is in force, after a check of the files if one is due. The check may block on a slow file system; only one
    /// caller at a time makes it.
    private func upToDate() -> Reading {
        let now = now()
        let (inForce, judged) = state.withLock { state in
            // A clock that was set back makes no difference for longer than one interval.
            let isDue = now >= state.nextCheck || now < state.nextCheck - Self.checkInterval
            guard isDue, !state.isChecking else { return (state.inForce, [String: FileState]?.none) }
            state.isChecking = true
            state.nextCheck = now + Self.checkInterval
            return (state.inForce, state.judged)
        }
        guard let judged else { return inForce }
        defer { state.withLock { $0.isChecking = false } }
        let states = judged.keys.reduce(into: [String: FileState]()) { $0[$1] = FileState(of: $1) }
        guard states != judged, states.values.allSatisfy({ $0.isSettled(at: now) }) else { return inForce }
        return readAgain(inForce)
    }

    /// Reads the files again, and returns what is in force then.
    private func readAgain(_ inForce: Reading) -> Reading {
        var states: [String: FileState] = [:]
        do {
            let reading = try Self.read(path, inForce: inForce, &states)
            // A file that changed meanwhile is read at a later check.
            guard Self.areCurrent(states) else { return inForce }
            if reading.isBlank && inForce.configuration.isRestricting {
                throw WebConfigurationError(
                    file: path,
                    reason:
                        "the file is empty, which lifts no restriction while the exporter runs; to lift them, write {}"
                )
            }
            state.withLock { state in
                state.inForce = reading
                state.judged = states
            }
            logger.info("web configuration reloaded", metadata: metadata(of: reading.configuration))
            warn(about: reading)
            return reading
        } catch {
            guard Self.areCurrent(states) else { return inForce }
            state.withLock { $0.judged = states }
            logger.error(
                "the web configuration is broken; the former one stays in force",
                metadata: ["error": "\(error)"]
            )
            return inForce
        }
    }

    private static func areCurrent(_ states: [String: FileState]) -> Bool {
        states.allSatisfy { FileState(of: $0.key) == $0.value }
    }

    /// Reads the file and those that it names.
    ///
    /// - Parameters:
    ///   - inForce: Its TLS context is kept if the settings and files of TLS are the same: connections end when they get
    ///     another one.
    ///   - states: The states of the files before they were read, also when one of them is broken.
    private static func read(
        _ path: String,
        inForce: Reading?,
        _ states: inout [String: FileState]
    ) throws(WebConfigurationError) -> Reading {
        states[path] = FileState(of: path)
        do {
            let root = try YAMLValue.root(of: contents(of: path))
            let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            let configuration = try WebConfiguration(root, directory: directory)
            for name in configuration.tls?.filePaths ?? [] { states[name] = FileState(of: name) }
            let hasSameTLS =
                configuration.tls == inForce?.configuration.tls
                && configuration.tls?.filePaths.allSatisfy { states[$0] == inForce?.states[$0] } != false
            return Reading(
                configuration: configuration,
                tls: hasSameTLS ? inForce?.tls : try configuration.tls.map(context),
                isBlank: root?.isNull ?? true,
                states: states
            )
        } catch {
            var error = error
            error.file = path
            throw error
        }
    }

    private static func contents(of path: String) throws(WebConfigurationError) -> [UInt8] {
        do {
            return try FileState.contents(of: path)
        } catch {
            throw WebConfigurationError(reason: error.reason)
        }
    }

    private static func context(_ tls: TLSServerConfiguration) throws(WebConfigurationError) -> TLSContext {
        for path in tls.filePaths.sorted() {
            // OpenSSL opens them by itself, and would wait for a FIFO's writer.
            if let problem = FileState(of: path).problem {
                throw WebConfigurationError(key: "tls_server_config", reason: "\(path) \(problem)")
            }
        }
        do {
            return try TLSContext(tls)
        } catch {
            throw WebConfigurationError(key: "tls_server_config", reason: "\(error)")
        }
    }

    private func metadata(of configuration: WebConfiguration) -> Logger.Metadata {
        ["file": "\(path)", "grants": "\(configuration.summary)"]
    }

    /// Logs what should be changed in the files: an expired certificate each time that it is read, the rest once.
    private func warn(about reading: Reading) {
        let (exposed, reportsHTTP2) = state.withLock { state in
            let exposed = exposedSecrets(in: reading).filter { state.exposed.insert($0).inserted }
            let reports = reading.configuration.asksForHTTP2 && !state.hasReportedHTTP2
            state.hasReportedHTTP2 = state.hasReportedHTTP2 || reports
            return (exposed, reports)
        }
        if let expiry = reading.tls?.expiry {
            logger.warning(
                "the server's certificate has expired; clients that verify it get no answer",
                metadata: ["file": "\(path)", "expired": "\(expiry)"]
            )
        }
        for file in exposed {
            logger.warning("every user of this host may read a file with secrets", metadata: ["file": "\(file)"])
        }
        if reportsHTTP2 {
            logger.info("http2 is set, but only HTTP/1.1 is served", metadata: ["file": "\(path)"])
        }
    }

    /// The paths of those files with hashes or keys in them that every user of the host may read.
    private func exposedSecrets(in reading: Reading) -> [String] {
        var secrets: [String] = []
        if reading.configuration.holdsSecrets { secrets.append(path) }
        if case .file(let key)? = reading.configuration.tls?.key { secrets.append(key) }
        return secrets.filter { reading.states[$0]?.isExposed == true }
    }
}

extension TLSServerConfiguration {
    /// The paths of the files that it names.
    fileprivate var filePaths: [String] {
        [certificate, key, clientAuthorities].compactMap { pem in
            if case .file(let path)? = pem { path } else { nil }
        }
    }
}

extension WebConfiguration {
    fileprivate var holdsSecrets: Bool {
        if case .inline? = tls?.key { return true }
        return !users.isEmpty
    }
}
