import Foundation

/// An authority and the certificates of it that the openssl program makes, as files in one directory: `NAME.pem` and
/// `NAME.key`, the authority's own being `ca.pem`.
struct Certificates: Sendable {
    let directory: URL

    /// Makes the authority.
    init(directory: URL) async throws {
        self.directory = directory
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try await openssl("ca", "basicConstraints=critical,CA:TRUE")
    }

    /// Makes a certificate for these alternative names: `DNS:localhost,IP:127.0.0.1`.
    func make(_ name: String, for names: String) async throws {
        try await openssl(name, "subjectAltName=\(names)", ["-CA", path("ca.pem"), "-CAkey", path("ca.key")])
    }

    /// Makes the certificate one by its own word that ended yesterday.
    func expire(_ name: String) async throws {
        let (certificate, key) = (path("\(name).pem"), path("\(name).key"))
        let days = ["-days", "-1", "-signkey", key]
        _ = try await ChildProcess.run(["/usr/bin/openssl", "x509", "-in", certificate, "-out", certificate] + days)
    }

    /// The path of a file.
    func path(_ file: String) -> String {
        directory.appending(path: file).path
    }

    private func openssl(_ name: String, _ extensions: String, _ issuer: [String] = []) async throws {
        let request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "2"]
        let files = ["-keyout", path("\(name).key"), "-out", path("\(name).pem")]
        let contents = ["-subj", "/CN=\(name)", "-addext", extensions]
        _ = try await ChildProcess.run(["/usr/bin/openssl"] + request + contents + issuer + files)
    }
}
