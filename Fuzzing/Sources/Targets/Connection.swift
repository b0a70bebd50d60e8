import HTTPTypes

@testable import HTTP

/// The input's first line says what happens, a byte for each read: `e` the client ends its side, `d` the deadline passes,
/// `s` the server shuts down, and any other that so many bytes come. Afterwards everything left comes, and then the end.
/// The bytes that come are the other lines.
func checkConnection(_ input: [UInt8]) throws {
    let parts = input.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
    let sent = parts.dropFirst().first ?? []
    var connection = FuzzedConnection(events: parts[0], input: sent)
    try connection.run()

    var atOnce = FuzzedConnection(events: [], input: sent)
    try atOnce.run()
    var byteByByte = FuzzedConnection(events: [UInt8](repeating: 1, count: sent.count)[...], input: sent)
    try byteByByte.run()
    try require(atOnce.answers == byteByByte.answers, "the bytes one by one are answered otherwise")
}

/// A connection without sockets: every request is answered at once, and an answer is what it is made of.
private struct FuzzedConnection {
    private let limits = HTTPServerLimits.ofFuzzing
    private var events: ArraySlice<UInt8>
    private var input: ArraySlice<UInt8>
    private var now = ContinuousClock.now
    private var state: HTTPConnectionState
    private var isEnding = false
    private var headDeadline: ContinuousClock.Instant?
    private(set) var answers: [[UInt8]] = []

    init(events: ArraySlice<UInt8>, input: ArraySlice<UInt8>) {
        self.events = events
        self.input = input
        state = HTTPConnectionState(limits: limits, now: now)
    }

    /// Runs until the connection is closed.
    mutating func run() throws {
        var steps = 4 * (events.count + input.count) + 8
        var action = state.start()
        while action != .close {
            try require(steps > 0, "it goes on without anything happening")
            steps -= 1
            action = try perform(action)
        }
        try require(state.received([0x47], now: now) == .close, "a closed connection goes on")
    }

    private mutating func perform(_ action: HTTPConnectionState.Action) throws -> HTTPConnectionState.Action {
        now += .seconds(1)
        switch action {
        case .read(let deadline):
            return try read(until: deadline)
        case .endOutputAndRead(let deadline):
            try require(isEnding, "no more is written, though the connection is to persist")
            return try read(until: deadline)
        case .handle(let request):
            try require(!isEnding, "a request is handled after the last answer")
            return try reply(to: request)
        case .send(let reply, let omittingBody, let persistence):
            try require(!isEnding, "an answer comes after the last one")
            try check(reply, persistence)
            answers.append(reply.encodedHead(date: "", persistence: persistence) + (omittingBody ? [] : reply.body))
            isEnding = persistence == .close
            return state.replySent(now: now)
        case .close:
            return .close
        }
    }

    private mutating func read(until deadline: ContinuousClock.Instant) throws -> HTTPConnectionState.Action {
        try require(deadline <= now + limits.idleTimeout, "the deadline is further off than the longest time")
        guard let event = events.popFirst() else {
            guard !input.isEmpty else { return state.endOfInput() }
            return receive(input.count)
        }
        switch event {
        case UInt8(ascii: "e"): return state.endOfInput()
        case UInt8(ascii: "d"): return state.deadlinePassed()
        case UInt8(ascii: "s"): return state.shutDown()
        default: return receive(Int(event))
        }
    }

    private mutating func receive(_ count: Int) -> HTTPConnectionState.Action {
        let bytes = Array(input.prefix(max(count, 1)))
        input = input.dropFirst(bytes.count)
        return bytes.isEmpty ? state.endOfInput() : state.received(bytes, now: now)
    }

    /// Answers with what the client sent, which must not get out of its field.
    private mutating func reply(to request: HTTPRequest) throws -> HTTPConnectionState.Action {
        var reply = HTTPReply(status: .ok, fields: request.headerFields, body: Array((request.path ?? "").utf8))
        reply.fields[.location] = request.authority
        let isShuttingDown = events.first == UInt8(ascii: "s")
        let action = state.replyReady(reply, isLast: isShuttingDown)
        guard case .send(reply, let omittingBody, let persistence) = action else {
            throw Violation(description: "a reply is not sent: \(action)")
        }
        try require(omittingBody == (request.method == .head), "a body where none belongs, or none where one does")
        try require(!isShuttingDown || persistence == .close, "the connection outlives the server")
        return action
    }

    /// The head on the wire is one head: nothing in it ends it or begins another.
    private func check(_ reply: HTTPReply, _ persistence: HTTPPersistence) throws {
        let head = reply.encodedHead(date: "", persistence: persistence)
        let lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        try require(lines.suffix(2).elementsEqual([[0x0D], []]), "the head does not end with an empty line")
        for line in lines.dropLast() {
            try require(line.firstIndex(of: 0x0D) == line.endIndex - 1, "a line of the head holds or lacks a CR")
        }
        try require(lines.count { $0 == [0x0D] } == 1, "the head has several ends")
        let lengths = lines.filter { String(decoding: $0, as: UTF8.self).lowercased().hasPrefix("content-length:") }
        try require(
            lengths == [Array("Content-Length: \(reply.body.count)\r".utf8)[...]],
            "the length is not the body's"
        )
    }
}
