import FlyingSocks
import FoundationEssentials
import Glibc
import Testing

@testable import MetricsHTTP

/// Each in a process of its own, because descriptors belong to the process.
@Suite(.timeLimit(.minutes(1))) struct DescriptorTests {
    @Test func aServerWithoutDescriptorsWaitsSaysSoOnceAndGoesOn() async {
        await #expect(processExitsWith: .success) {
            let record = ServerRecord()
            try await withServer(record: record) { server in
                // It stays, so that nothing is freed later, and the client's own pool takes its descriptors now.
                let first = try await TestClient.connect(to: server.boundAddresses[0])
                #expect(try await first.get("/")?.status == 200)
                var limit = rlimit(rlim_cur: 64, rlim_max: 64)
                #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
                let (fillers, waiting) = try await Self.connectWithTheLastDescriptor(to: server.boundAddresses[0])
                try await waiting.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
                // Time enough for several attempts.
                try await Task.sleep(for: .milliseconds(500))
                #expect(record.messages == ["cannot accept connections"])
                for filler in fillers { close(filler) }
                #expect(try await waiting.reply()?.body == "/late\n")
                #expect(try await first.get("/")?.status == 200)
            }
            #expect(record.messages == ["cannot accept connections", "accepting connections again"])
            #expect(record.statuses == [200, 200, 200])
        }
    }

    private static func connectWithTheLastDescriptor(
        to address: ListenAddress
    ) async throws -> (fillers: [Int32], client: TestClient) {
        var fillers: [Int32] = []
        while case let copy = dup(0), copy >= 0 {
            fillers.append(copy)
        }
        close(try #require(fillers.last))
        fillers.removeLast()
        return (fillers, try await TestClient.connect(to: address))
    }

    @Test func aServerThatHasRunHoldsNoDescriptorOfAConnection() async {
        await #expect(processExitsWith: .success) {
            let openDescriptors = {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
            }
            let useServer = {
                var limits = HTTPServerLimits()
                limits.requestHeadTimeout = .milliseconds(100)
                limits.maximumConnections = 20
                try await withServer(limits: limits) { server in
                    var clients: [TestClient] = []
                    for number in 0..<40 {
                        let client = try await TestClient.connect(to: server.boundAddresses[0])
                        switch number % 4 {
                        case 0: _ = try await client.get("/")
                        case 1: try await client.send("rubbish\r\n")
                        case 2: client.endInput()
                        default: break
                        }
                        clients.append(client)
                    }
                    try await Task.sleep(for: .milliseconds(300))
                }
            }
            try await useServer()
            let before = try openDescriptors()
            try await useServer()
            // FlyingSocks leaves the eventfd of a pool open when the pool ends, which is once in a process's life.
            #expect(try openDescriptors() == before + 1)
        }
    }
}
