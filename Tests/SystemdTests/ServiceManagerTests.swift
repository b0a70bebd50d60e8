import Foundation
import Testing

@testable import Systemd

@Suite struct ServiceManagerTests {
    @Test(arguments: [[:], ["NOTIFY_SOCKET": ""], ["WATCHDOG_USEC": "1000000"]])
    func whereNobodyListensThereIsNobodyToTell(environment: [String: String]) throws {
        #expect(try ServiceManager(environment: environment) == nil)
    }

    @Test(arguments: ["run/notify", "vsock:2:1234", "/", "@", "/" + String(repeating: "x", count: 200)])
    func anAddressOfAnotherKindIsRefusedByName(address: String) {
        #expect(throws: NotifySocketError(address: address)) {
            try ServiceManager(environment: ["NOTIFY_SOCKET": address])
        }
    }

    @Test func theWatchdogIsToldTwiceInItsTime() {
        let environment = ["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "42"]
        #expect(ServiceManager.watchdogInterval(in: environment, of: 42) == .seconds(30))
        #expect(ServiceManager.watchdogInterval(in: ["WATCHDOG_USEC": "3000000"], of: 42) == .milliseconds(1500))
    }

    @Test(arguments: [
        [:], ["WATCHDOG_PID": "42"], ["WATCHDOG_USEC": "0"], ["WATCHDOG_USEC": "soon"],
        // It watches another process, which inherited nothing of this.
        ["WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "41"],
    ])
    func withoutAWatchdogOfItsOwnAProcessTellsNone(environment: [String: String]) {
        #expect(ServiceManager.watchdogInterval(in: environment, of: 42) == nil)
    }

    @Test func aStatusIsOneLine() {
        #expect(ServiceManager.Message.status("a\nREADY=1\r\nb").assignment == "STATUS=a READY=1 b")
    }

    /// A path, and a name of the abstract namespace.
    @Test(arguments: [false, true])
    func whatIsToldArrivesTogether(isAbstract: Bool) throws {
        let name = NSTemporaryDirectory() + "/lme-notify-\(UInt32.random(in: 0 ... .max))"
        let listener = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer {
            close(listener)
            unlink(name)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = (isAbstract ? [0] : []) + Array(name.utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.offset(of: \.sun_path)! + bytes.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(listener, $0, length) }
        }
        try #require(bound == 0)

        let manager = try #require(try ServiceManager(environment: ["NOTIFY_SOCKET": (isAbstract ? "@" : "") + name]))
        manager.tell(.ready, .status("well"))
        manager.tell(.watchdog)
        var buffer = [UInt8](repeating: 0, count: 4096)
        func next() -> String {
            let count = recv(listener, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
        #expect(next() == "READY=1\nSTATUS=well")
        #expect(next() == "WATCHDOG=1")
    }

    @Test func aServiceManagerThatHasGoneIsNoFault() throws {
        let manager = try ServiceManager(environment: ["NOTIFY_SOCKET": "/nonexistent/notify"])
        manager?.tell(.watchdog)
    }
}
