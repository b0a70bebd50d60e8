import FlyingSocks
import FoundationEssentials
import HTTPTypes

/// One connection's socket, driven by its `HTTPConnectionState`.
struct HTTPConnection {
    let socket: Socket
    let network: ClientNetwork
    let waits: SocketWaits
    let limits: HTTPServerLimits
    let onResponse: @Sendable (HTTPResponse.Status) -> Void
    let handler: HTTPServer.Handler

    private static let bytesPerRead = 4096

    private enum Input {
        case bytes([UInt8])
        case end
        case deadlinePassed
        case shuttingDown
    }

    /// Serves the connection, or refuses it, until it ends, and closes its socket.
    func run(isOverload: Bool) async {
        // Linux releases the descriptor even if close reports an error.
        defer { try? socket.close() }
        var state = HTTPConnectionState(limits: limits, now: .now)
        var action = isOverload ? state.refuseForOverload() : state.start()
        // A connection that fails has nobody left to tell.
        while let next = try? await perform(action, &state) {
            action = next
        }
    }

    /// Carries an action out, and gives the next one, or nil after the last.
    private func perform(
        _ action: HTTPConnectionState.Action,
        _ state: inout HTTPConnectionState
    ) async throws -> HTTPConnectionState.Action? {
        switch action {
        case .read(let deadline):
            return try await feed(&state, until: deadline)
        case .handle(let request):
            let reply = await handler(request, network)
            return state.replyReady(reply, isShuttingDown: waits.isShuttingDown || Task.isCancelled)
        case .send(let reply, let omittingBody, let persistence):
            var message = Data(reply.encodedHead(date: HTTPDate.now(), persistence: persistence))
            if !omittingBody {
                message.append(contentsOf: reply.body)
            }
            guard try await write(message) else { return nil }
            onResponse(reply.status)
            return state.replySent(now: .now)
        case .endOutputAndRead(let deadline):
            socket.endOutput()
            return try await feed(&state, until: deadline)
        case .close:
            return nil
        }
    }

    private func feed(
        _ state: inout HTTPConnectionState,
        until deadline: ContinuousClock.Instant
    ) async throws -> HTTPConnectionState.Action {
        switch try await read(until: deadline) {
        case .bytes(let bytes): state.received(bytes, now: .now)
        case .end: state.endOfInput()
        case .deadlinePassed: state.deadlinePassed()
        case .shuttingDown: state.shutDown()
        }
    }

    private func read(until deadline: ContinuousClock.Instant) async throws -> Input {
        while true {
            do {
                return .bytes(try socket.read(atMost: Self.bytesPerRead))
            } catch SocketError.disconnected {
                return .end
            } catch SocketError.blocked {
                switch try await waits.wait(for: socket, .read, until: deadline, endsAtShutdown: true) {
                case .ready: continue
                case .deadlinePassed: return .deadlinePassed
                case .shuttingDown: return .shuttingDown
                }
            }
        }
    }

    /// Writes everything, head and body at once as far as the kernel takes them, or gives up and returns false when the
    /// client reads nothing for too long.
    private func write(_ message: Data) async throws -> Bool {
        var written = message.startIndex
        while written < message.endIndex {
            do {
                written = try socket.write(message, from: written)
            } catch SocketError.blocked {
                let deadline = ContinuousClock.now + limits.writeTimeout
                guard try await waits.wait(for: socket, .write, until: deadline, endsAtShutdown: false) == .ready else {
                    return false
                }
            }
        }
        return true
    }
}
