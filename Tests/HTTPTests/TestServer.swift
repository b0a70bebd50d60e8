import HTTPTestSupport

@testable import HTTP

/// Answers with the request's path.
let answerPath: HTTPServer.Handler = { request in
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
