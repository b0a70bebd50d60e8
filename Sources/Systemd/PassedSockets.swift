import Glibc

/// The listening sockets that a service manager opened for this process (sd_listen_fds(3)).
public enum PassedSockets {
    /// The first descriptor that is passed (SD_LISTEN_FDS_START).
    private static let first: Int32 = 3

    /// Takes the sockets that were passed to this process: no child of it inherits them, and the variables that told of
    /// them are gone from its environment. To be called before the process has a second thread.
    ///
    /// - Throws: `PassedSocketsError` where none were passed.
    public static func take() throws(PassedSocketsError) -> [Int32] {
        let environment = Dictionary(
            uniqueKeysWithValues: variables.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
        )
        let promised = try descriptors(in: environment, of: getpid())
        for name in variables { unsetenv(name) }
        var descriptors: [Int32] = []
        for descriptor in promised {
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw PassedSocketsError(reason: "LISTEN_FDS promises a descriptor \(descriptor), which is not open")
            }
            descriptors.append(descriptor)
        }
        return descriptors
    }

    private static let variables = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"]

    /// The descriptors that the environment tells the process of this id about.
    static func descriptors(
        in environment: [String: String],
        of process: Int32
    ) throws(PassedSocketsError) -> Range<Int32> {
        guard let number = environment["LISTEN_FDS"], let receiver = environment["LISTEN_PID"] else {
            throw PassedSocketsError(reason: "LISTEN_FDS and LISTEN_PID are not set")
        }
        guard receiver == "\(process)" else {
            throw PassedSocketsError(reason: "they are for process \(receiver), and this is process \(process)")
        }
        guard let count = Int32(number), count > 0, count <= Int32.max - first else {
            throw PassedSocketsError(reason: "LISTEN_FDS is '\(number)', and should be 1 or more")
        }
        return first..<first + count
    }
}

/// The service manager passed no socket.
public struct PassedSocketsError: Error, Equatable, CustomStringConvertible {
    /// How that is known.
    public let reason: String

    /// That, and what would help.
    public var description: String {
        "no socket was passed by a service manager: \(reason); start the .socket unit, or listen without "
            + "--web.systemd-socket"
    }
}
