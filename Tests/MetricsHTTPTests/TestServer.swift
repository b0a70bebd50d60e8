import HTTPTypes
import Logging
import Synchronization

@testable import MetricsHTTP

/// What a server told of itself.
final class ServerRecord: Sendable {
    private let statusCodes = Mutex<[Int]>([])
    private let logMessages = Mutex<[String]>([])

    var statuses: [Int] { statusCodes.withLock { $0 } }
    var messages: [String] { logMessages.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(record: self) }
    }

    func add(_ status: HTTPResponse.Status) {
        statusCodes.withLock { $0.append(status.code) }
    }

    private struct Handler: LogHandler {
        let record: ServerRecord
        var metadata: Logger.Metadata = [:]
        /// What an operator is told unless they ask for more.
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            record.logMessages.withLock { $0.append("\(event.message)") }
        }
    }
}

/// Answers with the request's path.
let answerPath: HTTPServer.Handler = { request, _ in
    .plainText(.ok, request.path ?? "")
}

/// Runs a server while the body runs, then shuts it down.
func withServer<Value: Sendable>(
    on addresses: [ListenAddress] = [.host("127.0.0.1", port: 0)],
    limits: HTTPServerLimits = HTTPServerLimits(),
    tls: @escaping @Sendable () -> TLSContext? = { nil },
    record: ServerRecord = ServerRecord(),
    handler: @escaping HTTPServer.Handler = answerPath,
    _ body: (HTTPServer) async throws -> Value
) async throws -> Value {
    let server = try HTTPServer(
        listeningOn: addresses,
        limits: limits,
        tls: tls,
        logger: record.logger,
        onResponse: record.add,
        handler: handler
    )
    async let running: Void = server.run()
    let value: Value
    do {
        value = try await body(server)
    } catch {
        server.shutDownGracefully()
        throw error
    }
    server.shutDownGracefully()
    try await running
    return value
}
