import Foundation
import Glibc

/// A connected stream socket: just what the tests need to speak to a console or an HTTP server.
final class Connection: Sendable {
    private let descriptor: Int32

    /// Connects to a Unix socket.
    init(unixSocket path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { throw TestbedError("too long for a socket: \(path)") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        descriptor = try Self.connect(AF_UNIX, to: address, name: path)
    }

    /// Connects to a port of this machine.
    init(port: UInt16) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        descriptor = try Self.connect(AF_INET, to: address, name: "port \(port)")
    }

    deinit {
        close(descriptor)
    }

    func send(_ bytes: Data) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw TestbedError("could not send: \(Self.lastError)") }
            rest = rest.dropFirst(sent)
        }
    }

    /// All that comes until the other side closes.
    func receiveToEnd(within limit: Duration) throws -> Data {
        var patience = timeval(tv_sec: Int(limit.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var received = Data()
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count >= 0 else { throw TestbedError("could not receive: \(Self.lastError)") }
            guard count > 0 else { return received }
            received.append(contentsOf: buffer[..<count])
        }
    }

    /// A port of this machine that nobody listens on at the moment, and that the kernel gives to nobody who asks for any
    /// (ip_local_port_range): until its server listens, other tests may open connections by the hundred.
    static func freePort() throws -> UInt16 {
        for port in (20_000..<32_768).shuffled().prefix(100) {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
            address.sin_port = in_port_t(port).bigEndian
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if result == 0 { return UInt16(port) }
        }
        throw TestbedError("no free port: \(lastError)")
    }

    private static func connect<Address>(_ family: Int32, to address: Address, name: String) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let result = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            let reason = lastError
            close(descriptor)
            throw TestbedError("could not connect to \(name): \(reason)")
        }
        return descriptor
    }

    private static var lastError: String { String(cString: strerror(errno)) }
}
