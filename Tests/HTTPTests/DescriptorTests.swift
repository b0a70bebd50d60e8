import FlyingSocks
import FoundationEssentials
import Glibc
import HTTPTestSupport
import Testing

@testable import HTTP

/// Each in a process of its own, because descriptors belong to the process.
@Suite(.timeLimit(.minutes(1))) struct DescriptorTests {
    @Test func aServerWithoutDescriptorsLogsItOnceAndRecovers() async {
        await #expect(processExitsWith: .success) {
            let record = ServerRecord()
            try await withServer(record: record) { server in
                // The client's own pool takes its descriptors now.
                let first = try await TestClient.connect(to: server.boundAddresses[0])
                #expect(try await first.get("/")?.status == 200)
                guard case .host(let host, let port) = server.boundAddresses[0] else { return }
                let socket = try Socket(domain: AF_INET, type: .stream)

                // Dispatch makes the descriptor of its timers with the first of them, which the pause below needs.
                try await Task.sleep(for: .milliseconds(10))
                // With a limit of 0 the open descriptors work and no new one can be had, whichever is closed meanwhile.
                var former = rlimit()
                #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &former) == 0)
                var none = rlimit(rlim_cur: 0, rlim_max: former.rlim_max)
                #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none) == 0)
                // The kernel connects it, whether the server accepts or not.
                try socket.connect(to: .inet(ip4: host, port: port))
                let waiting = try await TestClient(connected: socket)
                try await waiting.send("GET /late HTTP/1.1\r\nHost: h\r\n\r\n")
                // Time enough for several attempts.
                try await Task.sleep(for: .milliseconds(500))
                #expect(record.messages == ["cannot accept connections"])
                #expect(record.statuses == [200])

                #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &former) == 0)
                #expect(try await waiting.reply()?.body == "/late\n")
                #expect(try await first.get("/")?.status == 200)
            }
            #expect(record.messages == ["cannot accept connections", "accepting connections again"])
            #expect(record.statuses == [200, 200, 200])
        }
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
