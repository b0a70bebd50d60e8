import FlyingSocks
import FoundationEssentials
import Glibc

@testable import HTTP

/// A client that shows what is on the wire.
final class TestClient {
    struct Reply {
        var statusLine: String
        var fields: [String: String]
        var body: String

        var status: Int? { Int(statusLine.split(separator: " ")[1]) }
    }

    let socket: AsyncSocket
    private var received: [UInt8] = []

    private init(socket: AsyncSocket) {
        // FlyingSocks' writes to a server that has closed raise it.
        signal(SIGPIPE, SIG_IGN)
        self.socket = socket
    }

    /// A client on a socket that is connected already.
    convenience init(connected socket: Socket) async throws {
        self.init(socket: try await AsyncSocket(socket: socket, pool: .client))
    }

    deinit {
        try? socket.close()
    }

    /// Connects to an address a server has bound; a host is given by number.
    static func connect(to address: ListenAddress) async throws -> TestClient {
        switch address {
        case .anyAddress(let port), .host("localhost", let port):
            try await TestClient(socket: .connected(to: .inet(ip4: "127.0.0.1", port: port)))
        case .host(let host, let port) where host.contains(":"):
            try await TestClient(socket: .connected(to: .inet6(ip6: host, port: port)))
        case .host(let host, let port):
            try await TestClient(socket: .connected(to: .inet(ip4: host, port: port)))
        case .unixSocket(let path):
            try await TestClient(socket: .connected(to: .unix(path: path)))
        case .passed:
            throw SocketError.unsupportedAddress
        }
    }

    func send(_ text: String) async throws {
        try await send(Array(text.utf8))
    }

    func send(_ bytes: [UInt8]) async throws {
        try await socket.write(Data(bytes))
    }

    func get(_ path: String, _ fields: String = "") async throws -> Reply? {
        try await send("GET \(path) HTTP/1.1\r\nHost: h\r\n\(fields)\r\n")
        return try await reply()
    }

    func endInput() {
        socket.socket.endOutput()
    }

    /// The next reply, or nil if the server closes the connection before it.
    func reply(hasBody: Bool = true) async throws -> Reply? {
        let separator = Array("\r\n\r\n".utf8)
        while received.firstRange(of: separator) == nil {
            guard try await readMore() else { return nil }
        }
        guard let end = received.firstRange(of: separator) else { return nil }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        received.removeSubrange(..<end.upperBound)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ": ", maxSplits: 1, omittingEmptySubsequences: false)
            fields[parts[0].lowercased()] = String(parts[1])
        }
        let length = hasBody ? fields["content-length"].flatMap { Int($0) } ?? 0 : 0
        while received.count < length {
            guard try await readMore() else { return nil }
        }
        let body = String(decoding: received.prefix(length), as: UTF8.self)
        received.removeFirst(length)
        return Reply(statusLine: String(lines[0]), fields: fields, body: body)
    }

    /// Whether the server has closed the connection, and sent nothing more before it.
    func isAtEnd() async throws -> Bool {
        while try await readMore() {}
        return received.isEmpty
    }

    /// Reads everything until the server closes, at most a megabyte after each pause, and returns how many bytes came.
    func countToEnd(pausing pause: Duration = .zero) async throws -> Int {
        var count = 0
        while try await readMore(atMost: 1_000_000) {
            // Reading available data does not suspend: other tests get their turn here.
            await Task.yield()
            if count / 1_000_000 != (count + received.count) / 1_000_000 {
                try await Task.sleep(for: pause)
            }
            count += received.count
            received = []
        }
        return count
    }

    private func readMore(atMost length: Int = 4096) async throws -> Bool {
        do {
            received += try await socket.read(atMost: length)
            return true
        } catch SocketError.disconnected {
            return false
        }
    }
}
