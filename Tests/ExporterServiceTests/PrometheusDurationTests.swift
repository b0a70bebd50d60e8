import Testing

@testable import ExporterService

@Suite struct PrometheusDurationTests {
    @Test(arguments: [
        ("10s", 10_000), ("500ms", 500), ("1m", 60_000), ("1m30s", 90_000), ("1h", 3_600_000), ("1d", 86_400_000),
        ("2w", 1_209_600_000), ("1y", 31_536_000_000), ("1h5ms", 3_600_005), ("10", 10_000), ("0", 0), ("0s", 0),
    ])
    func isReadAsPrometheusWritesIt(text: String, milliseconds: Int) throws {
        #expect(try PrometheusDuration(parsing: text).duration == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        "", "s", "-1s", "+5", "-5", "1.5s", "10 s", "10S", "1s1m", "1s1s", "1x", "ten", "9223372036854775807s",
        "9223372036854775807", "99999999999999999999s", "٣s", "٣", "1m ",
    ])
    func anythingElseIsRefusedByName(text: String) {
        #expect(throws: PrometheusDurationError(text: text)) { try PrometheusDuration(parsing: text) }
    }

    @Test(arguments: ["10s", "500ms", "1m30s", "1h", "1d1s", "0s"])
    func isWrittenAsItIsRead(text: String) throws {
        #expect(try PrometheusDuration(parsing: text).description == text)
    }
}
