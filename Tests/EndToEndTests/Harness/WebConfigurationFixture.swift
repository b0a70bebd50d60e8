import Foundation

/// A file for `--web.config.file`, which a test changes as an operator would.
struct WebConfigurationFixture: Sendable {
    /// bcrypt's hashes of cost 10 of two passwords.
    static let hashOfWonder = "$2y$10$abcdefghijklmnopqrstuuM.QYO9dYACpw171TZl5APB53ah0sCme"
    static let hashOfBuilder = "$2y$10$abcdefghijklmnopqrstuuk5x0xM4LjSJMaOVU8l/EbT/G5t48ddC"

    let file: URL

    /// Writes the file.
    init(_ yaml: String, in directory: URL) throws {
        file = directory.appending(path: "web.yml")
        try replace(by: yaml)
    }

    /// Writes another file beside it and renames that over it.
    func replace(by yaml: String) throws {
        let other = file.appendingPathExtension("new")
        try Data(yaml.utf8).write(to: other)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: other.path)
        guard rename(other.path, file.path) == 0 else { throw TestbedError("could not rename \(other.path)") }
    }

    /// The flag that has the exporter follow the file.
    var flag: String { "--web.config.file=\(file.path)" }
}

/// The field that a client sends with a name and a password.
func authorization(_ user: String, _ password: String) -> [String: String] {
    ["Authorization": "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()]
}
