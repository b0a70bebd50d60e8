import FlyingSocks
import Glibc
import HTTPTestSupport
import HTTPTypes
import Logging
import Synchronization
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    @Test func aConnectionServesOneRequestAfterTheOther() async throws {
        try await withServer { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            for path in ["/a", "/b?c=d", "/e"] {
                let reply = try #require(try await client.get(path))
                #expect(reply.statusLine == "HTTP/1.1 200 OK")
                #expect(reply.body == "\(path)\n")
                #expect(reply.fields["connection"] == nil)
                #expect(reply.fields["date"]?.hasSuffix(" GMT") == true)
            }
        }
    }

    @Test func requestsInOneSegmentAreAnsweredInOrder() async throws {
        try await withServer { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.reply()?.body == "/a\n")
            #expect(try await client.reply()?.body == "/b\n")
        }
    }

    @Test func aRequestMayComeByteByByte() async throws {
        try await withServer { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            for character in "GET /slow HTTP/1.1\r\nHost: h\r\n\r\n".unicodeScalars {
                try await client.send(String(character))
            }
            #expect(try await client.reply()?.body == "/slow\n")
        }
    }

    @Test func closeIsHonoured() async throws {
        try await withServer { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            let reply = try #require(try await client.get("/", "Connection: close\r\n"))
            #expect(reply.fields["connection"] == "close")
            #expect(try await client.isAtEnd())
        }
    }

    @Test func anHTTP10ConnectionClosesUnlessItAsksToStay() async throws {
        try await withServer { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("GET /stay HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let stay = try #require(try await client.reply())
            #expect(stay.fields["connection"] == "keep-alive")
            try await client.send("GET /go HTTP/1.0\r\n\r\n")
            let go = try #require(try await client.reply())
            #expect(go.fields["connection"] == "close")
            #expect(go.body == "/go\n")
            #expect(try await client.isAtEnd())
        }
    }

    @Test func headIsAnsweredWithTheLengthAndNoBody() async throws {
        try await withServer { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("HEAD /head HTTP/1.1\r\nHost: h\r\n\r\n")
            let reply = try #require(try await client.reply(hasBody: false))
            #expect(reply.status == 200)
            #expect(reply.fields["content-length"] == "6")
            // Had a body come, it would stand before the next reply.
            #expect(try await client.get("/next")?.statusLine == "HTTP/1.1 200 OK")
        }
    }

    @Test func anotherMethodIsRefusedWithTheAllowedOnes() async throws {
        let record = ServerRecord()
        try await withServer(record: record) { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("DELETE / HTTP/1.1\r\nHost: h\r\n\r\n")
            let reply = try #require(try await client.reply())
            #expect(reply.status == 405)
            #expect(reply.fields["allow"] == "GET, HEAD")
            #expect(reply.fields["x-content-type-options"] == "nosniff")
            #expect(try await client.get("/next")?.status == 200)
        }
        #expect(record.statuses == [405, 200])
    }

    @Test func aRefusalIsReadEvenByAClientThatGoesOnSending() async throws {
        let record = ServerRecord()
        try await withServer(record: record) { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            let body = String(repeating: "x", count: 100_000)
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n\(body)")
            let reply = try #require(try await client.reply())
            #expect(reply.status == 413)
            #expect(reply.fields["connection"] == "close")
            #expect(try await client.isAtEnd())
        }
        #expect(record.statuses == [413])
    }

    @Test func aHeadBeyondTheLimitIsRefused() async throws {
        try await withServer { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            let reply = try await client.get("/", "X: \(String(repeating: "x", count: 20_000))\r\n")
            #expect(reply?.status == 431)
            #expect(try await client.isAtEnd())
        }
    }

    @Test func aHeadThatDoesNotEndInTimeIsRefused() async throws {
        var limits = HTTPServerLimits()
        limits.requestHeadTimeout = .milliseconds(200)
        let record = ServerRecord()
        try await withServer(limits: limits, record: record) { server in
            let trickling = try await TestClient.connect(to: server.boundAddresses[0])
            let silent = try await TestClient.connect(to: server.boundAddresses[0])
            try await trickling.send("GET / HTTP/1.1\r\nX: ")
            // Each byte comes long before the deadline, were it counted from the byte before.
            for _ in 0..<20 {
                try await trickling.send("x")
                try await Task.sleep(for: .milliseconds(20))
            }
            for client in [trickling, silent] {
                let reply = try #require(try await client.reply())
                #expect(reply.status == 408)
                #expect(reply.fields["connection"] == "close")
                #expect(try await client.isAtEnd())
            }
        }
        #expect(record.statuses == [408, 408])
    }

    @Test func anIdleConnectionIsClosedWithoutAResponse() async throws {
        var limits = HTTPServerLimits()
        limits.idleTimeout = .milliseconds(100)
        let record = ServerRecord()
        try await withServer(limits: limits, record: record) { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            #expect(try await client.get("/")?.status == 200)
            #expect(try await client.isAtEnd())
        }
        #expect(record.statuses == [200])
    }

    @Test func aClientThatHasEndedItsOutputStillGetsItsAnswers() async throws {
        try await withServer { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n")
            client.endInput()
            #expect(try await client.reply()?.body == "/a\n")
            #expect(try await client.reply()?.body == "/b\n")
            #expect(try await client.isAtEnd())
        }
    }

    /// More than the kernel's buffers take.
    private static let largeSize = 32_000_000
    private static let large = HTTPReply(status: .ok, body: [UInt8](repeating: 0x61, count: largeSize))

    @Test func theConnectionOfAClientThatReadsNothingIsClosed() async throws {
        var limits = HTTPServerLimits()
        limits.writeTimeout = .milliseconds(200)
        let record = ServerRecord()
        try await withServer(limits: limits, record: record, handler: { _ in Self.large }) { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            try await Task.sleep(for: .seconds(1))
            #expect(try await client.countToEnd() < Self.largeSize)
        }
        #expect(record.statuses == [])
    }

    @Test func aClientThatReadsSlowlyGetsEverything() async throws {
        var limits = HTTPServerLimits()
        // All of it takes longer; other tests that keep the processors busy make no pause so long.
        limits.writeTimeout = .seconds(4)
        limits.responseTimeout = .seconds(600)
        try await withServer(limits: limits, handler: { _ in Self.large }) { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let start = ContinuousClock.now
            #expect(try await client.countToEnd(pausing: .milliseconds(150)) > Self.largeSize)
            #expect(start.duration(to: .now) > limits.writeTimeout)
        }
    }

    @Test func theConnectionOfAClientThatReadsTooSlowlyIsClosed() async throws {
        var limits = HTTPServerLimits()
        limits.responseTimeout = .milliseconds(400)
        let record = ServerRecord()
        try await withServer(limits: limits, record: record, handler: { _ in Self.large }) { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await client.countToEnd(pausing: .milliseconds(100)) < Self.largeSize)
        }
        #expect(record.statuses == [])
    }

    @Test func aSlotIsTakenUntilTheClientHasTheReply() async throws {
        let slots = ReplySlots(bound: 1, stallTimeout: .seconds(3600))
        try await withServer(handler: Self.largeReplies(slots)) { server in
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            try await client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            let next = try await TestClient.connect(to: server.boundAddresses[0])
            while try await next.get("/small")?.status == 200 {}
            #expect(try await client.countToEnd() > Self.largeSize)
            while try await next.get("/small")?.status != 200 {}
        }
    }

    @Test func slowReadersShutNoClientOut() async throws {
        let slots = ReplySlots(bound: 4, stallTimeout: .milliseconds(100))
        try await withServer(handler: Self.largeReplies(slots)) { server in
            var slow: [TestClient] = []
            for _ in 0..<12 {
                slow.append(try await TestClient.connect(to: server.boundAddresses[0]))
                try await slow.last?.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            }
            // At most the time in which each of them counts as a reader.
            let client = try await TestClient.connect(to: server.boundAddresses[0])
            while try await client.get("/small")?.status != 200 { try await Task.sleep(for: .milliseconds(10)) }
            // It took the slot of the one that had read nothing for the longest, whose answer is cut off.
            #expect(try await slow[0].countToEnd() < Self.largeSize)
        }
    }

    /// Answers as many large replies at a time as there are slots, and others with 503; `/small` is small.
    private static func largeReplies(_ slots: ReplySlots) -> HTTPServer.Handler {
        { request in
            guard let slot = slots.take() else { return .plainText(.serviceUnavailable, "full") }
            var reply = request.path == "/small" ? HTTPReply(status: .ok) : large
            reply.slot = slot
            return reply
        }
    }

    @Test(arguments: ["POST / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\n"])
    func aClientThatSendsRequestsWithoutAPauseDelaysNeitherOthersNorTheShutdown(request: String) async throws {
        try await withServer { server in
            let address = server.boundAddresses[0]
            for _ in 0..<8 { try await TestClient.connect(to: address).sendWithoutEnd(request) }
            for _ in 0..<20 {
                #expect(try await TestClient.connect(to: address).get("/other")?.status == 200)
            }
        }
    }

    @Test func halfSentRequestsShutNoClientOut() async throws {
        var limits = HTTPServerLimits()
        limits.maximumConnections = 16
        limits.requestHeadTimeout = .seconds(3600)
        let record = ServerRecord()
        try await withServer(limits: limits, record: record) { server in
            let address = server.boundAddresses[0]
            var flood: [TestClient] = []
            for _ in 0..<300 {
                let client = try await TestClient.connect(to: address)
                try await client.send("GET / HT")
                flood.append(client)
                if flood.count % 50 == 0 {
                    let other = try await TestClient.connect(to: address)
                    #expect(try await other.get("/")?.status == 200)
                }
            }
            // The first ones were ended, the last one may go on.
            #expect((try? await flood[0].isAtEnd()) != false)
            try await flood[299].send("TP/1.1\r\nHost: h\r\n\r\n")
            #expect(try await flood[299].reply()?.status == 200)
        }
        #expect(Set(record.statuses) == [200])
        #expect(record.messages == [])
    }

    @Test func atTheBoundTheConnectionThatWaitedTheLongestIsEndedAndABusyOneNever() async throws {
        var limits = HTTPServerLimits()
        limits.maximumConnections = 3
        let (entered, hasEntered) = AsyncStream.makeStream(of: Void.self)
        let (gate, openGate) = AsyncStream.makeStream(of: Void.self)
        let handler: HTTPServer.Handler = { request in
            if request.path == "/slow" {
                hasEntered.yield()
                for await _ in gate { break }
            }
            return .plainText(.ok, "done")
        }
        try await withServer(limits: limits, handler: handler) { server in
            let address = server.boundAddresses[0]
            let busy = try await TestClient.connect(to: address)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            for await _ in entered { break }
            let older = try await TestClient.connect(to: address)
            #expect(try await older.get("/")?.status == 200)
            let newer = try await TestClient.connect(to: address)
            #expect(try await newer.get("/")?.status == 200)

            let newest = try await TestClient.connect(to: address)
            #expect(try await newest.get("/")?.status == 200)
            #expect(try await older.isAtEnd())
            #expect(try await newer.get("/")?.status == 200)
            openGate.yield()
            #expect(try await busy.reply()?.status == 200)
        }
    }

    @Test func whileAllConnectionsAreBusyANewOneWaits() async throws {
        var limits = HTTPServerLimits()
        limits.maximumConnections = 1
        let (entered, hasEntered) = AsyncStream.makeStream(of: Void.self)
        let (gate, openGate) = AsyncStream.makeStream(of: Void.self)
        let handler: HTTPServer.Handler = { request in
            if request.path == "/slow" {
                hasEntered.yield()
                for await _ in gate { break }
            }
            return .plainText(.ok, request.path ?? "")
        }
        try await withServer(limits: limits, handler: handler) { server in
            let busy = try await TestClient.connect(to: server.boundAddresses[0])
            try await busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            for await _ in entered { break }
            let next = try await TestClient.connect(to: server.boundAddresses[0])
            try await next.send("GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
            openGate.yield()
            #expect(try await busy.reply()?.body == "/slow\n")
            #expect(try await next.reply()?.body == "/next\n")
        }
    }

    @Test func aShutdownAnswersTheRequestUnderWayAndClosesTheRest() async throws {
        let (entered, hasEntered) = AsyncStream.makeStream(of: Void.self)
        let (gate, openGate) = AsyncStream.makeStream(of: Void.self)
        let handler: HTTPServer.Handler = { request in
            if request.path == "/slow" {
                hasEntered.yield()
                for await _ in gate { break }
            }
            return .plainText(.ok, "done")
        }
        let record = ServerRecord()
        let server = try HTTPServer(
            listeningOn: [.host("127.0.0.1", port: 0)],
            logger: record.logger,
            onResponse: record.add,
            handler: handler
        )
        let running = Task { try await server.run() }
        // Connections are accepted in their order: once the last has its answer, all are.
        let silent = try await TestClient.connect(to: server.boundAddresses[0])
        let halfway = try await TestClient.connect(to: server.boundAddresses[0])
        let busy = try await TestClient.connect(to: server.boundAddresses[0])
        let idle = try await TestClient.connect(to: server.boundAddresses[0])
        try await halfway.send("GET / HT")
        #expect(try await idle.get("/")?.status == 200)
        try await busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /never HTTP/1.1\r\nHost: h\r\n\r\n")
        for await _ in entered { break }

        server.shutDownGracefully()
        #expect(try await idle.isAtEnd())
        #expect(try await silent.isAtEnd())
        #expect(try await halfway.isAtEnd())
        await #expect(throws: (any Error).self) { try await TestClient.connect(to: server.boundAddresses[0]) }

        openGate.yield()
        let reply = try #require(try await busy.reply())
        #expect(reply.status == 200)
        #expect(reply.fields["connection"] == "close")
        #expect(try await busy.isAtEnd())
        try await running.value
        #expect(record.statuses == [200, 200])
        #expect(record.messages == [])
    }

    @Test func aServerThatIsShutDownBeforeItRunsReturnsAtOnce() async throws {
        let server = try HTTPServer(
            listeningOn: [.host("127.0.0.1", port: 0)],
            logger: ServerRecord().logger,
            handler: answerPath
        )
        server.shutDownGracefully()
        try await server.run()
        await #expect(throws: (any Error).self) { try await TestClient.connect(to: server.boundAddresses[0]) }
    }

    @Test func cancellingRunClosesEverything() async throws {
        let (entered, hasEntered) = AsyncStream.makeStream(of: Void.self)
        let record = ServerRecord()
        let server = try HTTPServer(
            listeningOn: [.host("127.0.0.1", port: 0)],
            logger: record.logger,
            handler: { request in
                if request.path == "/endless" {
                    hasEntered.yield()
                    try? await Task.sleep(for: .seconds(3600))
                }
                return .plainText(.ok, "done")
            }
        )
        let running = Task { try await server.run() }
        let idle = try await TestClient.connect(to: server.boundAddresses[0])
        let busy = try await TestClient.connect(to: server.boundAddresses[0])
        #expect(try await idle.get("/")?.status == 200)
        try await busy.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n")
        for await _ in entered { break }

        running.cancel()
        await #expect(throws: CancellationError.self) { try await running.value }
        #expect(try await idle.isAtEnd())
        await #expect(throws: (any Error).self) { try await TestClient.connect(to: server.boundAddresses[0]) }
        #expect(record.messages == [])
    }

    @Test func manyClientsAreServedAtATime() async throws {
        let record = ServerRecord()
        try await withServer(record: record) { server in
            let address = server.boundAddresses[0]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<50 {
                    group.addTask {
                        let connection = try await TestClient.connect(to: address)
                        for request in 0..<20 {
                            let path = "/\(client)/\(request)"
                            #expect(try await connection.get(path)?.body == "\(path)\n")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(record.statuses == Array(repeating: 200, count: 1000))
    }
}
