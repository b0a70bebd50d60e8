import Foundation
import Synchronization

/// Clients that try one wrong password after another, without a pause.
final class PasswordFlood: Sendable {
    private let port: UInt16
    private let counts = Mutex<[Int: Int]>([:])
    private let isOver = Mutex(false)

    /// More than the passwords that may wait to be checked.
    private static let clients = 96

    init(port: UInt16) {
        self.port = port
    }

    /// How many answers there were of each status.
    var statuses: [Int: Int] { counts.withLock { $0 } }

    /// Runs the body under the flood.
    func running(_ body: () async throws -> Void) async throws {
        let threads = (0..<Self.clients).map { client in
            let thread = Thread { self.guess(client) }
            thread.start()
            return thread
        }
        defer {
            isOver.withLock { $0 = true }
            while threads.contains(where: { !$0.isFinished }) { usleep(10_000) }
        }
        try await body()
    }

    private func guess(_ client: Int) {
        var number = 0
        while !isOver.withLock({ $0 }) {
            number += 1
            let field = authorization("alice", "guess \(client) \(number)")["Authorization"] ?? ""
            let request = "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: \(field)\r\n\r\n"
            guard let connection = try? Connection(port: port), (try? connection.send(Data(request.utf8))) != nil,
                let answer = try? connection.receiveToEnd(within: .seconds(30)),
                let status = Int(String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self))
            else {
                counts.withLock { $0[0, default: 0] += 1 }
                continue
            }
            counts.withLock { $0[status, default: 0] += 1 }
        }
    }
}
