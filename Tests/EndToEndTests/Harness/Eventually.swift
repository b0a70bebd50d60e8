/// Tries something until it succeeds; when the time is over, throws the last failure.
func eventually<Result: Sendable>(
    within limit: Duration,
    _ attempt: @Sendable () async throws -> Result
) async throws -> Result {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while true {
        do {
            return try await attempt()
        } catch {
            guard clock.now < deadline else {
                throw TestbedError("still after \(limit): \(error)")
            }
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}

/// Throws unless the condition holds: what is to be true within an ``eventually(within:_:)``.
func require(_ condition: Bool, _ expectation: @autoclosure () throws -> String) throws {
    guard condition else { throw TestbedError("not so: \(try expectation())") }
}

/// The value; throws when there is none. Unlike `#require`, it may be tried again.
func present<Value>(_ value: Value?, _ name: String) throws -> Value {
    guard let value else { throw TestbedError("there is no \(name)") }
    return value
}
