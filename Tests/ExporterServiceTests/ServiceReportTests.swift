import FlyingSocks
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Systemd
import Testing

@testable import ExporterService

@Suite struct ServiceReportTests {
    /// What a service manager hears of a service that is found alive or not, as often as it is asked, until it has been
    /// asked often enough; then the service is told to end.
    private func heard(from answers: [Bool]) async throws -> [String] {
        let path = NSTemporaryDirectory() + "/lme-report-\(UInt32.random(in: 0 ... .max))"
        let socket = try Socket(domain: AF_UNIX, type: .datagram)
        try socket.bind(to: .unix(path: path))
        try socket.setFlags(.nonBlocking)
        defer {
            unlink(path)
            try? socket.close()
        }
        let environment = ["NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"]
        let manager = try #require(try ServiceManager(environment: environment))
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let asked = Mutex(0)
        let report = ServiceReport(
            manager: manager,
            status: { "well" },
            isAlive: {
                let number = asked.withLock { count in
                    defer { count += 1 }
                    return count
                }
                if number == answers.count { end.finish() }
                return number < answers.count && answers[number]
            }
        )
        try await withThrowingTaskGroup { group in
            let services = ServiceGroup(
                configuration: .init(services: [.init(service: report)], logger: Logger(label: "test"))
            )
            group.addTask { try await services.run() }
            for await _ in ends {}
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
        var messages: [String] = []
        while let bytes = try? socket.read(atMost: 4096) { messages.append(String(decoding: bytes, as: UTF8.self)) }
        return messages
    }

    @Test func aServiceIsReadyOnceItIsAliveAndTellsSoWhileItIs() async throws {
        let messages = try await heard(from: [false, true, true, true])
        let expected = ["READY=1\nSTATUS=well", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1\nSTATUS=stopping"]
        #expect(messages == expected)
    }

    @Test func aServiceThatIsStuckTellsNothingMore() async throws {
        let messages = try await heard(from: [true, true, false, false, false])
        #expect(messages == ["READY=1\nSTATUS=well", "WATCHDOG=1", "STOPPING=1\nSTATUS=stopping"])
    }
}
