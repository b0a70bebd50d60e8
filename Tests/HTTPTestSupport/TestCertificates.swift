import Foundation

/// Certificates that the openssl program makes, once for all tests.
package struct TestCertificates: Sendable {
    /// A certificate and its key, both in PEM, as one text has them.
    package struct Identity: Sendable {
        package var certificate: String
        package var key: String

        /// Both, as curl and openssl take them.
        package var both: String { certificate + key }
    }

    /// Who made the server's intermediate authority. Clients trust it.
    package var root: Identity
    /// Who made the clients' certificates.
    package var clientAuthority: Identity
    /// For localhost and 127.0.0.1, with the intermediate authority's certificate after it.
    package var server: Identity
    /// A newer one of the same authority, for the same names.
    package var newServer: Identity
    /// For `prometheus.example`, `prometheus@example`, `spiffe://example/prometheus`, 192.0.2.7 and 2001:db8::7.
    package var client: Identity
    /// For `grafana.example`.
    package var otherClient: Identity
    /// The client's names, of an authority that is not trusted.
    package var foreignClient: Identity
    /// The client's names, by its own word.
    package var selfMadeClient: Identity
    /// The client's names, over since years.
    package var expiredClient: Identity
    /// The client's names, to begin in years.
    package var futureClient: Identity
    /// The client's names, of the clients' authority, to be a server with.
    package var serverAsClient: Identity

    private static let making = Task { try await make() }

    package static var shared: TestCertificates {
        get async throws { try await making.value }
    }

    private static func make() async throws -> TestCertificates {
        let workshop = try Workshop()
        let names = """
            DNS:prometheus.example,email:prometheus@example,URI:spiffe://example/prometheus,IP:192.0.2.7,IP:2001:db8::7
            """
        let authority = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign"
        let client = "extendedKeyUsage=clientAuth\nsubjectAltName="
        let server = "extendedKeyUsage=serverAuth\nsubjectAltName="

        let root = try await workshop.make("root", authority)
        let intermediate = try await workshop.make("intermediate", authority, by: "root")
        let clientAuthority = try await workshop.make("client-authority", authority)
        _ = try await workshop.make("foreign-authority", authority)
        var servers: [Identity] = []
        for name in ["server", "new-server"] {
            var identity = try await workshop.make(name, server + "DNS:localhost,IP:127.0.0.1", by: "intermediate")
            identity.certificate += intermediate.certificate
            servers.append(identity)
        }
        return TestCertificates(
            root: root,
            clientAuthority: clientAuthority,
            server: servers[0],
            newServer: servers[1],
            client: try await workshop.make("client", client + names, by: "client-authority"),
            otherClient: try await workshop.make("other", client + "DNS:grafana.example", by: "client-authority"),
            foreignClient: try await workshop.make("foreign", client + names, by: "foreign-authority"),
            selfMadeClient: try await workshop.make("self-made", client + names),
            expiredClient: try await workshop.make(
                "expired",
                client + names,
                by: "client-authority",
                from: "20200101000000Z",
                to: "20210101000000Z"
            ),
            futureClient: try await workshop.make(
                "future",
                client + names,
                by: "client-authority",
                from: "20900101000000Z",
                to: "20910101000000Z"
            ),
            serverAsClient: try await workshop.make("server-as-client", server + names, by: "client-authority")
        )
    }
}

/// Where certificates are made.
private final class Workshop {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.write("", to: "index")
        try directory.write(
            """
            [ca]
            default_ca = authority
            [authority]
            database = index
            new_certs_dir = .
            rand_serial = yes
            unique_subject = no
            default_md = sha256
            policy = anything
            [anything]
            commonName = supplied
            """,
            to: "configuration"
        )
    }

    /// Makes a key and a certificate for it, with these extensions, by the issuer of that name or by itself.
    func make(
        _ name: String,
        _ extensions: String,
        by issuer: String? = nil,
        from start: String = "20200101000000Z",
        to end: String = "20900101000000Z"
    ) async throws -> TestCertificates.Identity {
        try directory.write(extensions, to: "\(name).extensions")
        try await run(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=\(name) -keyout \(name).key"
                + " -out \(name).request"
        )
        let issuing = issuer.map { "-cert \($0).pem -keyfile \($0).key" } ?? "-selfsign -keyfile \(name).key"
        try await run(
            "ca -batch -config configuration \(issuing) -in \(name).request -out \(name).pem -notext"
                + " -startdate \(start) -enddate \(end) -extfile \(name).extensions"
        )
        return TestCertificates.Identity(
            certificate: try directory.read("\(name).pem"),
            key: try directory.read("\(name).key")
        )
    }

    private func run(_ arguments: String) async throws {
        let command = ["openssl"] + arguments.split(separator: " ").map(String.init)
        let outcome = try await TestProgram.run(command, directory: directory.url)
        guard outcome.status == 0 else { throw Failure(description: "\(command): \(outcome.output)") }
    }

    private struct Failure: Error {
        let description: String
    }
}
