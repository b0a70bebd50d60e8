import FlyingSocks
import FoundationEssentials
import Glibc
import HTTPTestSupport
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(1))) struct ListeningTests {
    /// Runs the body with the path of a file that does not exist yet.
    private func withSocketPath(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(directory.appending(path: "s").path)
    }

    private func makeServer(on addresses: [ListenAddress]) throws -> HTTPServer {
        try HTTPServer(listeningOn: addresses, logger: ServerRecord().logger, handler: answerPath)
    }

    /// Whether ::1 can be bound here, found out without the code under test.
    private var hostHasIPv6: Bool {
        get throws {
            guard let socket = try? Socket(domain: AF_INET6, type: .stream) else { return false }
            defer { try? socket.close() }
            return (try? socket.bind(to: .loopback(port: 0))) != nil
        }
    }

    private func port(_ address: ListenAddress) throws -> UInt16 {
        switch address {
        case .anyAddress(let port), .host(_, let port): port
        case .unixSocket, .passed: try #require(nil)
        }
    }

    private func isServed(_ address: ListenAddress) async throws {
        let reply = try await TestClient.connect(to: address).get("/here")
        #expect(reply?.body == "/here\n")
    }

    @Test func anyAddressTakesIPv4AndWhereThereIsOneIPv6() async throws {
        try await withServer(on: [.anyAddress(port: 0)]) { server in
            let port = try port(server.boundAddresses[0])
            #expect(port != 0)
            try await isServed(.host("127.0.0.1", port: port))
            if try hostHasIPv6 {
                try await isServed(.host("::1", port: port))
            } else {
                await #expect(throws: (any Error).self) {
                    try await TestClient.connect(to: .host("::1", port: port))
                }
            }
        }
    }

    @Test func anIPv6AddressIsListenedOnOrRefusedWithItsReason() async throws {
        if try hostHasIPv6 {
            try await withServer(on: [.host("::1", port: 0)]) { server in
                try await isServed(server.boundAddresses[0])
            }
        } else {
            #expect(throws: ListenError.self) { try makeServer(on: [.host("::1", port: 0)]) }
        }
    }

    @Test func aHostNameIsLookedUp() async throws {
        try await withServer(on: [.host("localhost", port: 0)]) { server in
            try await isServed(.host("127.0.0.1", port: port(server.boundAddresses[0])))
        }
    }

    @Test func aHostWithoutAnAddressIsNamedInTheError() throws {
        // The resolver needs no network for an interface's name.
        let address = ListenAddress.host("fe80::1%no-such-interface", port: 9177)
        let error = #expect(throws: ListenError.self) { try makeServer(on: [address]) }
        #expect(error?.description.hasPrefix("cannot listen on [fe80::1%no-such-interface]:9177: ") == true)
    }

    @Test func severalAddressesAreServedAtATime() async throws {
        try await withSocketPath { path in
            let addresses: [ListenAddress] = [.host("127.0.0.1", port: 0), .unixSocket(path: path)]
            try await withServer(on: addresses) { server in
                for address in server.boundAddresses {
                    try await isServed(address)
                }
            }
        }
    }

    @Test func anAddressInUseIsNamedAndNoOtherStaysOpen() async throws {
        try await withSocketPath { path in
            let first = try makeServer(on: [.host("127.0.0.1", port: 0)])
            let taken = first.boundAddresses[0]
            let error = #expect(throws: ListenError.self) { try makeServer(on: [.unixSocket(path: path), taken]) }
            #expect(error?.description == "cannot listen on \(taken): Address already in use")
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func aPortIsFreeAgainAsSoonAsTheServerIsGone() async throws {
        let address = try makeServer(on: [.host("127.0.0.1", port: 0)]).boundAddresses[0]
        try await withServer(on: [address]) { server in
            // The server closes first, which leaves its end in TIME_WAIT.
            let client = try await TestClient.connect(to: address)
            #expect(try await client.get("/", "Connection: close\r\n")?.status == 200)
        }
        try await withServer(on: [address]) { _ in try await isServed(address) }
    }

    @Test func aUnixSocketHasItsModeAndIsRemovedAtTheEnd() async throws {
        try await withSocketPath { path in
            try await withServer(on: [.unixSocket(path: path)]) { server in
                #expect(server.boundAddresses == [.unixSocket(path: path)])
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == 0o660)
                try await isServed(.unixSocket(path: path))
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func anAbandonedSocketFileIsReplaced() async throws {
        try await withSocketPath { path in
            // As of a server that was killed.
            let abandoned = try Socket(domain: AF_UNIX, type: .stream)
            try abandoned.bind(to: .unix(path: path))
            try abandoned.close()
            #expect(FileManager.default.fileExists(atPath: path))
            try await withServer(on: [.unixSocket(path: path)]) { _ in
                try await isServed(.unixSocket(path: path))
            }
        }
    }

    @Test func aSocketFileInUseIsLeftAlone() async throws {
        try await withSocketPath { path in
            try await withServer(on: [.unixSocket(path: path)]) { _ in
                let error = #expect(throws: ListenError.self) { try makeServer(on: [.unixSocket(path: path)]) }
                #expect(error?.description == "cannot listen on unix:\(path): Address already in use")
                try await isServed(.unixSocket(path: path))
            }
        }
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() async throws {
        try await withSocketPath { path in
            try Data("precious".utf8).write(to: URL(filePath: path))
            let error = #expect(throws: ListenError.self) { try makeServer(on: [.unixSocket(path: path)]) }
            #expect(error?.description == "cannot listen on unix:\(path): The file exists and is not a socket")
            #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
        }
    }

    @Test func anotherServersSocketIsNotRemoved() async throws {
        try await withSocketPath { path in
            var first: HTTPServer? = try makeServer(on: [.unixSocket(path: path)])
            #expect(first != nil)
            #expect(unlink(path) == 0)
            try await withServer(on: [.unixSocket(path: path)]) { _ in
                first = nil
                try await isServed(.unixSocket(path: path))
            }
        }
    }

    @Test func aPassedSocketIsServedUnderItsOwnAddress() async throws {
        let passed = try Socket(domain: AF_INET, type: .stream)
        try passed.bind(to: .inet(ip4: "127.0.0.1", port: 0))
        try #require(listen(passed.file.rawValue, 1) == 0)
        try await withServer(on: [.passed(descriptor: passed.file.rawValue)]) { server in
            #expect(try port(server.boundAddresses[0]) != 0)
            try await isServed(server.boundAddresses[0])
        }
    }

    @Test func theFileOfAPassedUnixSocketIsNotRemoved() async throws {
        try await withSocketPath { path in
            let passed = try Socket(domain: AF_UNIX, type: .stream)
            try passed.bind(to: .unix(path: path))
            try #require(listen(passed.file.rawValue, 1) == 0)
            try await withServer(on: [.passed(descriptor: passed.file.rawValue)]) { server in
                #expect(server.boundAddresses == [.unixSocket(path: path)])
                try await isServed(.unixSocket(path: path))
            }
            #expect(FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func aPassedDescriptorThatDoesNotListenIsRefused() throws {
        let address = { (descriptor: Int32) in ListenAddress.passed(descriptor: descriptor) }
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        let notASocket = address(file)
        #expect(throws: ListenError(address: notASocket, reason: "It is not a socket")) {
            try makeServer(on: [notASocket])
        }
        for type in [SocketType.stream, .datagram] {
            let socket = try Socket(domain: AF_INET, type: type)
            defer { try? socket.close() }
            let silent = address(socket.file.rawValue)
            #expect(throws: ListenError(address: silent, reason: "It is not a listening stream socket")) {
                try makeServer(on: [silent])
            }
        }
    }

    @Test func aUnixSocketsPathMayHave107Bytes() async throws {
        try await withSocketPath { path in
            let longest = path + String(repeating: "s", count: 107 - path.utf8.count)
            try await withServer(on: [.unixSocket(path: longest)]) { _ in
                try await isServed(.unixSocket(path: longest))
            }
            let error = #expect(throws: ListenError.self) { try makeServer(on: [.unixSocket(path: longest + "s")]) }
            #expect(error?.reason == "The path is longer than 107 bytes")
        }
    }
}
