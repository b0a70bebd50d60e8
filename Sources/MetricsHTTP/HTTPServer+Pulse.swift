import FlyingSocks
import FoundationEssentials
import Glibc

extension HTTPServer {
    /// A pair of sockets on which the server's own machinery is tried, by nobody else's doing: no client, no address and no
    /// limit of connections has a part in it.
    public final class Pulse: Sendable {
        private static let bytesPerRead = 4096

        private let near: Socket
        private let far: Socket
        private let waits: SocketWaits

        init(waits: SocketWaits) throws {
            var descriptors: [Int32] = [-1, -1]
            let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
            guard socketpair(AF_UNIX, type, 0, &descriptors) == 0 else { throw SocketError.makeFailed("socketpair") }
            near = Socket(file: Socket.FileDescriptor(rawValue: descriptors[0]))
            far = Socket(file: Socket.FileDescriptor(rawValue: descriptors[1]))
            self.waits = waits
            try near.setFlags(.nonBlocking)
            try far.setFlags(.nonBlocking)
        }

        deinit {
            // Linux releases a descriptor even if close reports an error.
            try? near.close()
            try? far.close()
        }

        /// Whether a byte that was sent to the server arrives in time, which takes all that a request takes: the thread
        /// that waits for sockets, and a task that is run.
        public func beats(within limit: Duration) async -> Bool {
            guard (try? far.write(Data([0]))) != nil else { return false }
            let outcome = try? await waits.wait(for: near, .read, until: .now + limit, endsAtShutdown: false)
            return outcome == .ready && (try? near.read(atMost: Self.bytesPerRead)) != nil
        }
    }

    /// A pulse of this server, which beats while `run()` runs.
    ///
    /// - Throws: what the system says where there are no descriptors left.
    public func pulse() throws -> Pulse {
        try Pulse(waits: waits)
    }
}
