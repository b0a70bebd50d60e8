import Foundation
import HTTPTestSupport
import Synchronization

@testable import HTTP

/// The context that a server under test is to use, which a test may replace.
final class CurrentContext: Sendable {
    private let context: Mutex<TLSContext?>

    init(_ context: TLSContext?) {
        self.context = Mutex(context)
    }

    var value: TLSContext? { context.withLock { $0 } }

    func replace(by newContext: TLSContext?) {
        context.withLock { $0 = newContext }
    }
}

extension TLSContext {
    /// A context of the certificates that tests have, set up further by the change.
    static func ofTests(
        _ identity: TestCertificates.Identity? = nil,
        _ change: (inout TLSServerConfiguration) -> Void = { _ in }
    ) async throws -> TLSContext {
        let certificates = try await TestCertificates.shared
        let identity = identity ?? certificates.server
        var configuration = TLSServerConfiguration(
            certificate: .inline(identity.certificate),
            key: .inline(identity.key)
        )
        change(&configuration)
        return try TLSContext(configuration)
    }

    /// A context that asks clients who they are, and takes the clients' authority's word.
    static func askingClients(
        _ type: TLSServerConfiguration.ClientAuthentication = .requireAndVerifyClientCert,
        names: [String] = []
    ) async throws -> TLSContext {
        let authority = try await TestCertificates.shared.clientAuthority.certificate
        return try await ofTests { configuration in
            configuration.clientAuthentication = type
            configuration.clientAuthorities = .inline(authority)
            configuration.allowedClientNames = names
        }
    }
}

/// The programs that speak TLS with a server under test, each with the root's certificate to know it by.
struct TLSClient {
    private let directory: TemporaryDirectory
    private let root: String
    let port: UInt16

    init(_ server: HTTPServer) async throws {
        guard case .host(_, let port) = server.boundAddresses[0] else { fatalError("a test serves a host") }
        self.port = port
        directory = try TemporaryDirectory()
        root = try directory.write(try await TestCertificates.shared.root.certificate, to: "root.pem")
    }

    /// A file for a program to use.
    func file(_ name: String) -> URL {
        directory.url.appending(path: name)
    }

    /// Asks for a path by curl, which prints the body; the status is 0 if there was an answer of 200.
    func curl(
        _ arguments: [String] = [],
        as identity: TestCertificates.Identity? = nil,
        path: String = "/"
    ) async throws -> TestProgram.Outcome {
        let options = ["--silent", "--show-error", "--fail", "--noproxy", "*", "--cacert", root]
        let command = ["curl"] + options + (try certificate("--cert", identity)) + arguments
        return try await TestProgram.run(command + ["https://localhost:\(port)\(path)"])
    }

    /// Starts `openssl s_client`, which prints the connection's details, and sends what is typed.
    func openssl(_ arguments: [String] = [], as identity: TestCertificates.Identity? = nil) throws -> TestProgram {
        let options = ["-connect", "127.0.0.1:\(port)", "-CAfile", root, "-verify_return_error"]
        return try TestProgram(["openssl", "s_client"] + options + (try certificate("-cert", identity)) + arguments)
    }

    /// Sends one request by `openssl s_client`, and returns the output until the server closed.
    func opensslGet(
        _ arguments: [String] = [],
        as identity: TestCertificates.Identity? = nil
    ) async throws -> TestProgram.Outcome {
        let program = try openssl(arguments + ["-ign_eof"], as: identity)
        try? program.type("GET /answer HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return try await program.outcome()
    }

    private func certificate(_ option: String, _ identity: TestCertificates.Identity?) throws -> [String] {
        guard let identity else { return [] }
        return [option, try directory.write(identity.both, to: "\(UUID().uuidString).pem")]
    }
}
