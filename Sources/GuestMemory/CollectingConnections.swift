import Libvirt
import Logging

/// The connections by which statistics are collected, each with a thread of its own: one at first, and more where there
/// are domains enough for them.
public final class CollectingConnections: Sendable {
    private let all: [ReconnectingConnection]
    private let wanted: AsyncStream<Int>
    private let want: AsyncStream<Int>.Continuation

    /// Connections that are yet to be opened, by `run()`.
    ///
    /// - Parameters:
    ///   - count: how many there may be; 1 or more.
    ///   - uri: the hypervisor's address, as `qemu:///system`.
    ///   - logger: where the first one says what becomes of it; the others go where it goes.
    public init(atMost count: Int, uri: String, calls: LibvirtCalls, logger: Logger) {
        all = (1...count).map { number in
            ReconnectingConnection(
                uri: uri,
                name: "libvirt-stats-\(number)",
                calls: calls,
                logger: number == 1 ? logger : logger.withErrorsOnly
            )
        }
        (wanted, want) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Those that are open now, as many as so many domains are worth. Never waits: one that is missing is opened in the
    /// background.
    func open(for domains: Int) -> [ReconnectingConnection.Open] {
        let count = Shares.connections(for: domains, atMost: all.count)
        want.yield(count)
        return Array(all.lazy.compactMap(\.current).prefix(count))
    }

    /// Gives up a connection that was lost.
    func drop(_ connection: Connection) {
        for one in all { one.drop(connection) }
    }

    /// Gives up a connection on which a call does not come back.
    func leaveBehind(_ connection: Connection) {
        for one in all { one.leaveBehind(connection) }
    }

    /// Keeps as many open as were ever worth it, until the task is cancelled.
    func run() async {
        await withTaskGroup { group in
            var kept = 0
            want.yield(1)
            for await count in wanted {
                for connection in all.prefix(count).dropFirst(kept) {
                    group.addTask { await connection.run() }
                }
                kept = max(kept, count)
            }
        }
    }
}

extension Logger {
    /// The same, for what says nothing that another does not say as well.
    var withErrorsOnly: Logger {
        var quiet = self
        quiet.logLevel = max(.error, logLevel)
        return quiet
    }
}
