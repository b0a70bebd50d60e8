import Dispatch
import Logging
import Synchronization

/// A web configuration that follows its file, and the certificates and keys that the file names, while the process runs.
///
/// All of them are read each second and compared by content, so that no way of changing a file goes unnoticed: written
/// in place, renamed over, or behind a symbolic link that is moved, as Kubernetes does. What is new is in force when it
/// has stayed the same for one more second: files are not all written at once. What is broken never is.
public final class WebConfigurationFile: Sendable {
    private let path: String
    private let logger: Logger
    private let interval: Duration
    private let state: Mutex<State>

    private struct State {
        var current: WebConfiguration
        var tls: TLSContext?
        /// What these two were made of.
        var inForce: WebConfigurationContents
        /// The same, or what is known to be broken.
        var judged: WebConfigurationContents
        /// What was seen last time, if it was new.
        var candidate: WebConfigurationContents?
        /// The files of which was said that anybody may read them.
        var exposed: Set<String> = []
        var hasToldOfHTTP2 = false
    }

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - path: the file's path; relative paths in it start from its folder.
    ///   - interval: how often the files are read again.
    ///   - logger: is told what is in force, and what is wrong.
    /// - Throws: `WebConfigurationError` if something is wrong with one of them.
    public init(
        path: String,
        interval: Duration = .seconds(1),
        logger: Logger
    ) throws(WebConfigurationError) {
        self.path = path
        self.interval = interval
        self.logger = logger
        let contents = WebConfigurationContents(path: path)
        let configuration = try contents.configuration()
        let tls = try Self.context(for: configuration, of: contents, path: path)
        state = Mutex(State(current: configuration, tls: tls, inForce: contents, judged: contents))
        logger.info("web configuration", metadata: metadata(of: current))
        if contents.isBlank {
            logger.warning("the web configuration says nothing, so it keeps nobody out", metadata: ["file": "\(path)"])
        }
        warn(about: contents)
    }

    /// What is in force.
    public var current: WebConfiguration { state.withLock(\.current) }

    /// The TLS that is in force, if any: the same object until something of it changes.
    public var tls: TLSContext? { state.withLock(\.tls) }

    /// Follows the files until the task is cancelled.
    public func run() async {
        await run { [path] in WebConfigurationContents(path: path) }
    }

    /// Reading may block for ever, on a file system of the network; the end of the task does not wait for it.
    func run(reading read: @escaping @Sendable () -> WebConfigurationContents) async {
        while (try? await Task.sleep(for: interval)) != nil {
            let (stream, reading) = AsyncStream.makeStream(of: WebConfigurationContents.self)
            DispatchQueue.global(qos: .utility).async {
                reading.yield(read())
                reading.finish()
            }
            for await contents in stream { take(contents) }
        }
    }

    /// Has what was read take effect, if it is new and was the same the last time.
    func take(_ contents: WebConfigurationContents) {
        let isNew = state.withLock { state in
            guard contents != state.judged else {
                state.candidate = nil
                return false
            }
            guard contents == state.candidate else {
                state.candidate = contents
                return false
            }
            state.candidate = nil
            state.judged = contents
            return true
        }
        guard isNew else { return }
        do {
            let configuration = try contents.configuration()
            if contents.isBlank && current.isRestricting {
                throw WebConfigurationError(
                    file: path,
                    reason:
                        "the file says nothing, which lifts no restriction while the exporter runs; to lift them, write {}"
                )
            }
            let inForce = state.withLock(\.inForce)
            // Connections end when they have another context.
            let tls =
                contents.hasSameTLS(as: inForce)
                ? self.tls : try Self.context(for: configuration, of: contents, path: path)
            state.withLock { state in
                state.current = configuration
                state.tls = tls
                state.inForce = contents
            }
            logger.info("web configuration read again", metadata: metadata(of: configuration))
            warn(about: contents)
        } catch {
            logger.error(
                "the web configuration is broken; the former one stays in force",
                metadata: ["error": "\(error)"]
            )
        }
    }

    /// A context of just what was read and judged, whatever has become of the files since.
    private static func context(
        for configuration: WebConfiguration,
        of contents: WebConfigurationContents,
        path: String
    ) throws(WebConfigurationError) -> TLSContext? {
        guard let tls = configuration.tls else { return nil }
        do {
            return try TLSContext(tls, files: contents.files)
        } catch {
            throw WebConfigurationError(file: path, key: "tls_server_config", reason: "\(error)")
        }
    }

    private func metadata(of configuration: WebConfiguration) -> Logger.Metadata {
        ["file": "\(path)", "grants": "\(configuration.summary)"]
    }

    /// Says what of the files should be otherwise, and of HTTP/2 that there is none: an expired certificate each time that
    /// it is read, the rest once.
    private func warn(about contents: WebConfigurationContents) {
        let (exposed, tellsOfHTTP2) = state.withLock { state in
            let exposed = contents.exposedSecrets.filter { state.exposed.insert($0).inserted }
            let tells = state.current.asksForHTTP2 && !state.hasToldOfHTTP2
            state.hasToldOfHTTP2 = state.hasToldOfHTTP2 || tells
            return (exposed, tells)
        }
        if let expiry = tls?.expiry {
            logger.warning(
                "the server's certificate has expired; clients that verify it get no answer",
                metadata: ["file": "\(path)", "expired": "\(expiry)"]
            )
        }
        for file in exposed {
            logger.warning("anybody on this host may read a file with secrets", metadata: ["file": "\(file)"])
        }
        if tellsOfHTTP2 {
            logger.info("http2 is set, but HTTP/1.1 is all that is served", metadata: ["file": "\(path)"])
        }
    }
}
