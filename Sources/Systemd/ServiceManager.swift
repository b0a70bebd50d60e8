import Glibc

/// The service manager that started this process and wants to hear how it is (sd_notify(3)).
public struct ServiceManager: Sendable {
    /// What it is told.
    public enum Message: Hashable, Sendable {
        /// The service does from now on what it is for.
        case ready
        /// How it is, in a line for an operator.
        case status(String)
        /// It is about to end.
        case stopping
        /// It is alive.
        case watchdog

        /// The assignment of sd_notify's protocol.
        var assignment: String {
            switch self {
            case .ready: "READY=1"
            case .status(let text): "STATUS=\(text.split(whereSeparator: \.isNewline).joined(separator: " "))"
            case .stopping: "STOPPING=1"
            case .watchdog: "WATCHDOG=1"
            }
        }
    }

    /// So long a message may wait for a service manager that does not read; then it is lost.
    private static let patience = timeval(tv_sec: 1, tv_usec: 0)

    /// How often it wants to hear that this process is alive: half of the time after which it takes it for dead, as
    /// sd_watchdog_enabled(3) advises. Nil where it does not watch this process.
    public let watchdogInterval: Duration?
    private let address: String

    /// The service manager that this environment tells of; nil where nobody wants to hear anything.
    ///
    /// - Throws: `NotifySocketError` where its address is of no kind that is known.
    public init?(environment: [String: String]) throws(NotifySocketError) {
        guard let address = environment["NOTIFY_SOCKET"], !address.isEmpty else { return nil }
        guard address.first == "/" || address.first == "@", address.utf8.count > 1,
            address.utf8.count < Self.roomForPath
        else {
            throw NotifySocketError(address: address)
        }
        self.address = address
        watchdogInterval = Self.watchdogInterval(in: environment, of: getpid())
    }

    static func watchdogInterval(in environment: [String: String], of process: Int32) -> Duration? {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init), microseconds > 0 else { return nil }
        if let watched = environment["WATCHDOG_PID"], watched != "\(process)" { return nil }
        return .microseconds(microseconds) / 2
    }

    /// Tells it something, all at once. A service manager that has gone, or does not read, misses it.
    public func tell(_ messages: Message...) {
        let text = Array(messages.map(\.assignment).joined(separator: "\n").utf8)
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var patience = Self.patience
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        // An abstract name begins with a zero, which is written as @ (sd_notify(3), unix(7)).
        let bytes = Array(address.utf8)
        withUnsafeMutableBytes(of: &name.sun_path) {
            $0.copyBytes(from: bytes[0] == UInt8(ascii: "@") ? [0] + bytes[1...] : bytes)
        }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count)
        _ = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }

    private static let roomForPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path)
}

/// An address to which this process cannot say how it is.
public struct NotifySocketError: Error, Equatable, CustomStringConvertible {
    /// The address, from NOTIFY_SOCKET.
    public let address: String

    /// The address, and what would be one.
    public var description: String {
        "NOTIFY_SOCKET is '\(address)', which is no address of a Unix socket: it is a path, or @ and an abstract name"
    }
}
