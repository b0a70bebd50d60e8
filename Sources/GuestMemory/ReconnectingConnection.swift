import Libvirt
import Logging
import Synchronization

/// A connection that is opened again whenever it is lost, in the background: who needs it takes the one that is open
/// now, or goes without.
public final class ReconnectingConnection: Sendable {
    /// A connection with what was found at its far end.
    struct Open: Sendable {
        let connection: Connection
        let version: HypervisorVersion
    }

    /// A connection that was open for so long worked.
    private static let steadyTime = Duration.seconds(10)

    /// Who has not answered by then may never do so; nothing else is lost by waiting on.
    private static let usualAnswerTime = Duration.seconds(10)

    private let uri: String
    private let name: String
    private let calls: LibvirtCalls
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var open: Open?
        /// Whether the last one was given up here, and not lost.
        var wasLeftBehind = false
    }

    /// A read-only connection that is yet to be opened, by `run()`.
    ///
    /// - Parameters:
    ///   - uri: the hypervisor's address, as `qemu:///system`.
    ///   - name: a name for its thread.
    ///   - logger: where it says that it connected, and why it cannot.
    public init(uri: String, name: String, calls: LibvirtCalls, logger: Logger) {
        self.uri = uri
        self.name = name
        self.calls = calls
        self.logger = logger
    }

    /// The connection that is open now; nil while there is none. Never waits.
    var current: Open? { state.withLock { $0.open } }

    /// Gives up a connection that was lost; another one will be opened. Nothing happens where it is none of this one's.
    func drop(_ connection: Connection) {
        drop(connection, wasLeftBehind: false)
    }

    /// Gives up a connection on which a call does not come back; another one will be opened. Nothing happens where it is
    /// none of this one's.
    func leaveBehind(_ connection: Connection) {
        drop(connection, wasLeftBehind: true)
    }

    private func drop(_ connection: Connection, wasLeftBehind: Bool) {
        let isCurrent = state.withLock { state in
            guard state.open?.connection === connection else { return false }
            state = State(open: nil, wasLeftBehind: wasLeftBehind)
            return true
        }
        if isCurrent { connection.giveUp() }
    }

    /// Keeps the connection open until the task is cancelled.
    ///
    /// - Parameter use: run beside each connection that is opened, and cancelled when that one is lost.
    func run(_ use: @escaping @Sendable (Open) async -> Void = { _ in }) async {
        var backoff = Backoff()
        var failure: String?
        var wasOpen = false
        while !Task.isCancelled {
            do {
                let opened = try await connect()
                logger.info(
                    "connected to libvirt",
                    metadata: [
                        "uri": "\(uri)", "driver": "\(opened.version.driver)",
                        "hypervisor": "\(opened.version.hypervisor ?? "unknown")",
                        "libvirt": "\(opened.version.libvirt ?? "unknown")",
                    ]
                )
                if wasOpen { calls.countReconnect() }
                (wasOpen, failure) = (true, nil)
                let start = SuspendingClock.now
                await hold(opened, use)
                guard !Task.isCancelled else { return }
                // One that is lost at once, again and again, is no success.
                if start.duration(to: .now) > Self.steadyTime { backoff.reset() }
                // That it was left behind was said where it happened; and a scrape waits for the next one.
                if state.withLock({ $0.wasLeftBehind }) { continue }
                logger.warning("connection to libvirt lost", metadata: ["uri": "\(uri)"])
            } catch let error as LibvirtError {
                // The same failure again and again is one event.
                if failure != error.message {
                    logger.warning(
                        "cannot connect to libvirt; trying again until it works",
                        metadata: ["uri": "\(uri)", "error": "\(error)"]
                    )
                    failure = error.message
                }
            } catch {
                return
            }
            try? await Task.sleep(for: backoff.delay())
        }
    }

    /// Waits for as long as it takes: a further attempt would hang as well, and hold a thread of its own.
    private func connect() async throws -> Open {
        let warning = Task {
            try await Task.sleep(for: Self.usualAnswerTime)
            logger.warning(
                "libvirt does not answer the attempt to connect; still waiting",
                metadata: ["uri": "\(uri)"]
            )
        }
        defer { warning.cancel() }
        return try await calls.run { [uri, name] in
            let connection = try await Connection.open(uri, access: .readOnly, name: name)
            return Open(connection: connection, version: try await connection.version())
        }
    }

    private func hold(_ opened: Open, _ use: @escaping @Sendable (Open) async -> Void) async {
        state.withLock { $0 = State(open: opened) }
        await withTaskGroup { group in
            group.addTask { await use(opened) }
            for await _ in opened.connection.closed { break }
            group.cancelAll()
        }
        state.withLock { $0.open = nil }
    }
}
