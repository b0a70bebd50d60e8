import Foundation

/// An authority of the tests' own, and what it issues, made by openssl.
struct Certificates: Sendable {
    /// A certificate in PEM with its key.
    struct Issued: Sendable {
        let certificate: URL
        let key: URL
    }

    let directory: URL
    let authority: Issued

    init(directory: URL, name: String) async throws {
        self.directory = directory.appending(path: name)
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: false)
        authority = Issued(
            certificate: self.directory.appending(path: "ca.pem"),
            key: self.directory.appending(path: "ca.key")
        )
        try await Self.request(authority, ["-subj", "/CN=\(name)"])
    }

    /// A certificate for this host, or for a client of this name; one that was issued by the name before is written over.
    ///
    /// - Parameter names: the alternative names, as openssl writes them.
    func issue(_ name: String, for names: String? = nil) async throws -> Issued {
        let issued = Issued(
            certificate: directory.appending(path: "\(name).pem"),
            key: directory.appending(path: "\(name).key")
        )
        try await Self.request(
            issued,
            [
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names ?? "DNS:\(name),IP:127.0.0.1")",
                "-addext", "basicConstraints=critical,CA:FALSE",
                "-CA", authority.certificate.path, "-CAkey", authority.key.path,
            ]
        )
        return issued
    }

    private static func request(_ issued: Issued, _ options: [String]) async throws {
        _ = try await ChildProcess.run(
            [
                "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-keyout", issued.key.path, "-out", issued.certificate.path,
            ] + options
        )
    }
}
