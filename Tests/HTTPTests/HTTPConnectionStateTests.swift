import HTTPTypes
import Testing

@testable import HTTP

@Suite struct HTTPConnectionStateTests {
    private let start = ContinuousClock.now
    private let limits = HTTPServerLimits()
    private let ok = HTTPReply(status: .ok, body: [0x6F, 0x6B])

    private func request(_ path: String = "/", _ field: String = "") -> [UInt8] {
        Array("GET \(path) HTTP/1.1\r\nHost: h\r\n\(field)\r\n".utf8)
    }

    private func path(_ action: HTTPConnectionState.Action) -> String? {
        if case .handle(let request) = action { request.path } else { nil }
    }

    private func status(_ action: HTTPConnectionState.Action) -> Int? {
        if case .send(let reply, _, .close) = action { reply.status.code } else { nil }
    }

    @Test func aNewConnectionHasTheTimeOfAHeadForItsFirstRequest() {
        var state = HTTPConnectionState(limits: limits, now: start)
        #expect(state.start() == .read(until: start + .seconds(10)))
        #expect(status(state.deadlinePassed()) == 408)
    }

    @Test func theTimeForAHeadDoesNotGrowWithEachByte() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        for (second, byte) in request().dropLast().prefix(9).enumerated() {
            #expect(state.received([byte], now: start + .seconds(second + 1)) == .read(until: start + .seconds(10)))
        }
        #expect(status(state.deadlinePassed()) == 408)
    }

    @Test func anIdleConnectionIsClosedWithoutAResponse() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        #expect(path(state.received(request(), now: start)) == "/")
        #expect(state.replyReady(ok, isLast: false) == .send(ok, omittingBody: false, .keepAlive))
        let later = start + .seconds(100)
        #expect(state.replySent(now: later) == .read(until: later + .seconds(300)))
        #expect(state.deadlinePassed() == .close)
    }

    @Test func theFirstByteOfALaterRequestStartsTheTimeForItsHead() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        _ = state.received(request(), now: start)
        _ = state.replyReady(ok, isLast: false)
        _ = state.replySent(now: start)
        let later = start + .seconds(30)
        #expect(state.received([0x47], now: later) == .read(until: later + .seconds(10)))
        #expect(status(state.deadlinePassed()) == 408)
    }

    @Test func requestsReceivedTogetherAreHandledOneAfterTheOther() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        let half = Array(request("/c").prefix(10))
        #expect(path(state.received(request("/a") + request("/b") + half, now: start)) == "/a")
        #expect(state.replyReady(ok, isLast: false) == .send(ok, omittingBody: false, .keepAlive))
        #expect(path(state.replySent(now: start)) == "/b")
        #expect(state.replyReady(ok, isLast: false) == .send(ok, omittingBody: false, .keepAlive))
        // The half request has its own time, from when its turn comes.
        #expect(state.replySent(now: start + .seconds(5)) == .read(until: start + .seconds(15)))
    }

    @Test func theBodyOfAHeadReplyIsLeftOut() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        _ = state.received(Array("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n".utf8), now: start)
        #expect(state.replyReady(ok, isLast: false) == .send(ok, omittingBody: true, .keepAlive))
    }

    @Test func afterTheLastReplyInputIsDroppedUntilTheClientCloses() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        _ = state.received(request("/", "Connection: close\r\n"), now: start)
        #expect(state.replyReady(ok, isLast: false) == .send(ok, omittingBody: false, .close))
        #expect(state.replySent(now: start) == .endOutputAndRead(until: start + .seconds(2)))
        #expect(state.received(request("/late"), now: start + .seconds(1)) == .read(until: start + .seconds(2)))
        #expect(state.endOfInput() == .close)
    }

    @Test func droppedInputIsBoundedInBytesAndTime() {
        var state = HTTPConnectionState(limits: limits, now: start)
        #expect(status(state.refusePlainHTTP()) == 400)
        #expect(state.replySent(now: start) == .endOutputAndRead(until: start + .seconds(2)))
        var other = state
        #expect(other.deadlinePassed() == .close)
        let flood = [UInt8](repeating: 0x61, count: limits.lingerBytes - 1)
        #expect(state.received(flood, now: start) == .read(until: start + .seconds(2)))
        #expect(state.received([0x61], now: start) == .close)
    }

    @Test func aClientThatIsRefusedBeforeItsRequestHasTimeToReadTheRefusal() {
        var withoutTLS = HTTPConnectionState(limits: limits, now: start)
        #expect(status(withoutTLS.refusePlainHTTP()) == 400)
        #expect(withoutTLS.replySent(now: start) == .endOutputAndRead(until: start + .seconds(2)))
        var refused = HTTPConnectionState(limits: limits, now: start)
        #expect(refused.linger(now: start) == .endOutputAndRead(until: start + .seconds(2)))
        #expect(refused.received(request(), now: start) == .read(until: start + .seconds(2)))
        #expect(refused.endOfInput() == .close)
    }

    @Test func aRefusedRequestWithoutABodyLeavesTheConnectionOpen() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        let post = Array("POST / HTTP/1.1\r\nHost: h\r\n\r\n".utf8)
        var refusal = HTTPReply.plainText(.methodNotAllowed, "Only GET and HEAD are supported.")
        refusal.fields[.allow] = "GET, HEAD"
        let action = state.received(post + request("/next"), now: start)
        #expect(action == .send(refusal, omittingBody: false, .keepAlive))
        #expect(path(state.replySent(now: start)) == "/next")
    }

    @Test func aShutdownClosesTheConnectionAfterTheRequestUnderWay() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        _ = state.received(request("/a") + request("/b"), now: start)
        #expect(state.replyReady(ok, isLast: true) == .send(ok, omittingBody: false, .close))
        #expect(state.replySent(now: start) == .endOutputAndRead(until: start + .seconds(2)))
        #expect(state.shutDown() == .close)
    }

    @Test func theEndOfInputWithinAHeadClosesTheConnection() {
        var state = HTTPConnectionState(limits: limits, now: start)
        _ = state.start()
        _ = state.received([0x47], now: start)
        #expect(state.endOfInput() == .close)
    }
}
