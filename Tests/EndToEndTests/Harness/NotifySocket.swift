import Foundation
import Synchronization

/// The socket on which a service manager hears how its services are (sd_notify(3)), read by these tests.
final class NotifySocket: Sendable {
    let path: String
    private let descriptor: Int32
    private let heard = Mutex<[String]>([])

    /// A socket at this path, open to every user.
    init(path: String) throws {
        self.path = path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { throw TestbedError("too long for a socket: \(path)") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, chmod(path, 0o777) == 0 else { throw TestbedError("no socket at \(path)") }
    }

    deinit {
        close(descriptor)
    }

    /// The environment that makes a service speak to it, and let it hear that it is alive in this time.
    func environment(watchdogSeconds: Int) -> [String: String] {
        ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "\(watchdogSeconds * 1_000_000)"]
    }

    /// What was heard so far, an assignment each.
    var assignments: [String] {
        receive()
        return heard.withLock { $0 }
    }

    /// How often an assignment was heard so far.
    func count(_ assignment: String) -> Int { assignments.count { $0 == assignment } }

    /// What its last STATUS says.
    var status: String? { assignments.last { $0.hasPrefix("STATUS=") }?.dropFirst("STATUS=".count).description }

    private func receive() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return }
            let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
            heard.withLock { $0 += lines }
        }
    }
}
