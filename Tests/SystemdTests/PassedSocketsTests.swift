import Testing

@testable import Systemd

@Suite struct PassedSocketsTests {
    @Test func theSocketsBeginAtDescriptorThree() throws {
        let environment = ["LISTEN_FDS": "2", "LISTEN_PID": "42", "LISTEN_FDNAMES": "a:b"]
        #expect(try PassedSockets.descriptors(in: environment, of: 42) == 3..<5)
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "42"],
        // Inherited from a process that did not take them.
        ["LISTEN_FDS": "1", "LISTEN_PID": "41"],
        ["LISTEN_FDS": "0", "LISTEN_PID": "42"], ["LISTEN_FDS": "-1", "LISTEN_PID": "42"],
        ["LISTEN_FDS": "one", "LISTEN_PID": "42"], ["LISTEN_FDS": "2147483647", "LISTEN_PID": "42"],
    ])
    func withoutSocketsOfItsOwnAProcessIsToldWhy(environment: [String: String]) {
        #expect(throws: PassedSocketsError.self) { try PassedSockets.descriptors(in: environment, of: 42) }
    }

    @Test func theErrorSaysWhatIsWrongAndWhatToDo() {
        let error = #expect(throws: PassedSocketsError.self) {
            try PassedSockets.descriptors(in: ["LISTEN_FDS": "1", "LISTEN_PID": "41"], of: 42)
        }
        #expect(error?.description.contains("for process 41") == true)
        #expect(error?.description.contains(".socket unit") == true)
    }
}
