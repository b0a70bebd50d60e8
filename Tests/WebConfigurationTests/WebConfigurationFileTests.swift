import Foundation
import HTTPTestSupport
import Logging
import Synchronization
import Testing

@testable import WebConfiguration

@Suite(.timeLimit(.minutes(1))) struct WebConfigurationFileTests {
    @Test func aChangeTakesEffectASecondAfterIt() throws {
        try withFile(oneUser) { file, folder, record in
            #expect(file.current.userCount == 1)
            try folder.write(twoUsers)
            folder.clock.set(to: folder.changeTime + .milliseconds(999))
            #expect(file.current.userCount == 1)
            folder.clock.advance(.seconds(2))
            #expect(file.current.userCount == 2)
            #expect(record.messages == ["web configuration", "web configuration reloaded"])
        }
    }

    @Test func theFileIsLookedAtOnceASecondAtMost() throws {
        try withFile(oneUser) { file, folder, _ in
            folder.clock.set(to: folder.changeTime + .seconds(10))
            #expect(file.current.userCount == 1)
            try folder.write(twoUsers)
            folder.clock.advance(.milliseconds(999))
            #expect(file.current.userCount == 1)
            folder.clock.advance(.milliseconds(1))
            #expect(file.current.userCount == 2)
        }
    }

    @Test func aHalfWrittenFileHasNoEffect() throws {
        let limit = "rate_limit: {interval: 1s, burst: 5}\n"
        try withFile(limit + oneUser) { file, folder, record in
            try folder.write(limit)
            folder.clock.set(to: folder.changeTime)
            #expect(file.current.userCount == 1)
            try folder.write(limit + twoUsers)
            folder.clock.advance(.seconds(2))
            #expect(file.current.userCount == 2)
            #expect(record.messages == ["web configuration", "web configuration reloaded"])
        }
    }

    @Test func aClockThatIsSetBackDelaysNoChange() throws {
        try withFile(oneUser) { file, folder, _ in
            try folder.write(twoUsers)
            folder.clock.advance(.seconds(-86_400))
            #expect(file.current.userCount == 2)
        }
    }

    @Test(arguments: [
        "", "  \n", "# basic_auth_users:\n#   alice:", "---\n", "~", "null # {}", "basic_auth_users: {alice: wonder}",
        "[",
        "basic_auth_users:",
    ])
    func aBrokenFileChangesNothingAndIsLoggedOnce(broken: String) throws {
        try withFile(oneUser) { file, folder, record in
            let before = file.current
            try folder.write(broken)
            for _ in 0..<10 {
                folder.clock.advance(.seconds(2))
                _ = file.current
            }
            #expect(file.current == before)
            #expect(
                record.messages == [
                    "web configuration", "the web configuration is broken; the former one stays in force",
                ]
            )
            try folder.write(oneUser)
            for _ in 0..<10 {
                folder.clock.advance(.seconds(2))
                _ = file.current
            }
            #expect(file.current == before)
            #expect(record.messages.count == 3 && record.messages.last == "web configuration reloaded")
        }
    }

    @Test func anEmptyFileLiftsNoRateLimitEither() throws {
        try withFile("rate_limit: {interval: 1s, burst: 5}") { file, folder, _ in
            try folder.write("# rate_limit:\n")
            for _ in 0..<3 {
                folder.clock.advance(.seconds(2))
                _ = file.current
            }
            #expect(file.current.rateLimit?.burst == 5)
        }
    }

    @Test func anEmptyFileAtTheStartIsWarnedOf() throws {
        try withFile("# nothing yet\n") { file, _, record in
            #expect(!file.current.isRestricting)
            #expect(record.messages.last == "the web configuration is empty and restricts nothing")
        }
    }

    @Test func aFileThatIsGoneChangesNothing() throws {
        try withFile(oneUser) { file, folder, record in
            try FileManager.default.removeItem(at: folder.file)
            for _ in 0..<3 {
                folder.clock.advance(.seconds(2))
                _ = file.current
            }
            #expect(file.current.userCount == 1)
            #expect(record.messages.count == 2)
        }
    }

    @Test func anEmptyMappingLiftsRestrictions() throws {
        try withFile(oneUser) { file, folder, _ in
            try folder.write("{}")
            folder.clock.advance(.seconds(2))
            #expect(!file.current.isRestricting)
        }
    }

    @Test func aFileRenamedOverItIsNoticed() throws {
        try withFile(oneUser) { file, folder, _ in
            let other = folder.directory.appending(path: "other")
            try Data(twoUsers.utf8).write(to: other)
            rename(other.path, folder.file.path)
            folder.clock.advance(.seconds(2))
            #expect(file.current.userCount == 2)
        }
    }

    @Test func aSymbolicLinkMovedAsKubernetesDoesIsNoticed() throws {
        let folder = try Folder()
        defer { folder.remove() }
        for (name, content) in [("v1", oneUser), ("v2", twoUsers)] {
            let directory = folder.directory.appending(path: name)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
            try Data(content.utf8).write(to: directory.appending(path: "web.yml"))
        }
        let data = folder.directory.appending(path: "..data").path
        symlink("v1", data)
        symlink("..data/web.yml", folder.file.path)
        let file = try WebConfigurationFile(
            path: folder.file.path,
            logger: ServerRecord().logger,
            now: folder.clock.now
        )
        #expect(file.current.userCount == 1)
        symlink("v2", data + "_tmp")
        rename(data + "_tmp", data)
        folder.clock.advance(.seconds(2))
        #expect(file.current.userCount == 2)
    }

    @Test func aContextIsReplacedOnlyWhenItsSettingsOrFilesChange() async throws {
        let certificates = try await TestCertificates.shared
        let folder = try Folder()
        defer { folder.remove() }
        let tls = "tls_server_config: {cert_file: server.pem, key_file: server.key, min_version: TLS12}\n"
        try folder.write(certificates.server)
        try folder.write(tls + oneUser)
        let record = ServerRecord()
        let file = try WebConfigurationFile(path: folder.file.path, logger: record.logger, now: folder.clock.now)
        let first = try #require(file.tls)
        func readAgain() {
            folder.clock.advance(.seconds(2))
            _ = file.current
        }

        try folder.write(tls + twoUsers)
        readAgain()
        #expect(file.current.userCount == 2)
        #expect(file.tls === first)

        // The new certificate comes before its key.
        try Data(certificates.newServer.certificate.utf8).write(to: folder.directory.appending(path: "server.pem"))
        readAgain()
        #expect(file.tls === first)
        #expect(record.messages.last == "the web configuration is broken; the former one stays in force")
        try folder.write(certificates.newServer)
        readAgain()
        let second = try #require(file.tls)
        #expect(second !== first)

        try folder.write(tls.replacing("TLS12", with: "TLS13") + twoUsers)
        readAgain()
        let third = try #require(file.tls)
        #expect(third !== second)

        // A broken configuration replaces no context, nor do other settings.
        try FileManager.default.removeItem(at: folder.directory.appending(path: "server.key"))
        readAgain()
        #expect(file.tls === third)
        try folder.write(certificates.newServer)
        readAgain()
        try folder.write(tls.replacing("TLS12", with: "TLS13") + oneUser)
        let fourth = file.tls
        readAgain()
        #expect(file.current.userCount == 1)
        #expect(file.tls === fourth)

        try folder.write(twoUsers)
        readAgain()
        #expect(file.tls == nil)
    }

    @Test(arguments: ["basic_auth_users: {a: b}", "[", "x: 1"])
    func aBrokenFileIsAnErrorAtTheStart(broken: String) throws {
        let folder = try Folder()
        defer { folder.remove() }
        try folder.write(broken)
        let error = try #require(throws: WebConfigurationError.self) {
            try WebConfigurationFile(
                path: folder.file.path,
                logger: ServerRecord().logger,
                now: folder.clock.now
            )
        }
        #expect(error.description.hasPrefix(folder.file.path + ":"))
    }

    @Test func aPathThatIsNotARegularFileIsAnErrorAtTheStart() throws {
        let folder = try Folder()
        defer { folder.remove() }
        let fifo = folder.directory.appending(path: "fifo").path
        mkfifo(fifo, 0o600)
        for path in [folder.file.path, folder.directory.path, fifo, "/dev/zero"] {
            let error = #expect(throws: WebConfigurationError.self) {
                try WebConfigurationFile(path: path, logger: ServerRecord().logger)
            }
            #expect(error?.description.hasPrefix(path) == true)
        }
    }

    @Test func filesWithSecretsThatEveryUserMayReadAreLoggedOnce() throws {
        try withFile(oneUser, mode: 0o644) { file, folder, record in
            let warning = "every user of this host may read a file with secrets"
            #expect(record.messages == ["web configuration", warning])
            try folder.write(twoUsers)
            folder.clock.advance(.seconds(2))
            #expect(record.messages.filter { $0 == warning }.count == 1)
        }
        try withFile("rate_limit: {interval: 1s, burst: 1}", mode: 0o644) { _, _, record in
            #expect(record.messages == ["web configuration"])
        }
    }

    @Test func anExpiredCertificateOfTheServerIsServedAndWarnedOfEachTimeItIsRead() async throws {
        let certificates = try await TestCertificates.shared
        let folder = try Folder()
        defer { folder.remove() }
        let tls = "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
        try folder.write(certificates.expiredClient)
        try folder.write(tls)
        chmod(folder.directory.appending(path: "server.key").path, 0o600)
        chmod(folder.file.path, 0o600)
        let record = ServerRecord()
        let file = try WebConfigurationFile(path: folder.file.path, logger: record.logger, now: folder.clock.now)
        let warning = "the server's certificate has expired; clients that verify it get no answer"
        #expect(record.messages == ["web configuration", warning])
        #expect(file.tls?.expiry == "2021-01-01")
        func readAgain() {
            folder.clock.advance(.seconds(2))
            _ = file.current
        }

        try folder.write(tls + oneUser)
        readAgain()
        #expect(record.messages.dropFirst(2) == ["web configuration reloaded", warning])

        try folder.write(certificates.server)
        readAgain()
        #expect(file.tls?.expiry == nil)
        #expect(record.messages.dropFirst(4) == ["web configuration reloaded"])
    }

    @Test func aRequestForHTTP2IsLoggedOnce() throws {
        try withFile("http_server_config: {http2: true}") { file, folder, record in
            try folder.write("http_server_config: {http2: true, headers: {X-Frame-Options: deny}}")
            folder.clock.advance(.seconds(2))
            #expect(record.messages.filter { $0.contains("HTTP/1.1") }.count == 1)
        }
        try withFile("http_server_config: {http2: false}") { _, _, record in
            #expect(record.messages == ["web configuration"])
        }
    }
}

private let oneUser = "basic_auth_users:\n  alice: \(hashOfWonder)\n"
private let twoUsers = oneUser + "  bob: \(hashOfBuilder)\n"

/// A clock that stands still until a test moves it, at first well after the files are written.
private final class TestClock: Sendable {
    private let time = Mutex(Duration.sinceEpoch() + .seconds(3600))

    var now: @Sendable () -> Duration {
        { self.time.withLock { $0 } }
    }

    func set(to newTime: Duration) {
        time.withLock { $0 = newTime }
    }

    func advance(_ duration: Duration) {
        time.withLock { $0 += duration }
    }
}

/// A folder with a web configuration, which a test writes as it likes.
private struct Folder {
    let directory: URL
    var file: URL { directory.appending(path: "web.yml") }
    let clock = TestClock()
    var changeTime: Duration { FileState(of: file.path).changed }

    init() throws {
        directory = URL(filePath: NSTemporaryDirectory()).appending(path: "lme-web-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
    }

    func write(_ yaml: String) throws {
        try Data(yaml.utf8).write(to: file)
    }

    func write(_ identity: TestCertificates.Identity) throws {
        try Data(identity.certificate.utf8).write(to: directory.appending(path: "server.pem"))
        try Data(identity.key.utf8).write(to: directory.appending(path: "server.key"))
    }

    func remove() {
        try? FileManager.default.removeItem(at: directory)
    }
}

private func withFile(
    _ yaml: String,
    mode: mode_t = 0o600,
    _ body: (WebConfigurationFile, Folder, ServerRecord) throws -> Void
) throws {
    let folder = try Folder()
    defer { folder.remove() }
    try folder.write(yaml)
    chmod(folder.file.path, mode)
    let record = ServerRecord()
    try body(
        try WebConfigurationFile(path: folder.file.path, logger: record.logger, now: folder.clock.now),
        folder,
        record
    )
}
