import Foundation
import Logging
import Testing

@testable import MetricsHTTP

@Suite(.timeLimit(.minutes(1))) struct WebConfigurationFileTests {
    @Test func whatIsNewTakesEffectWhenItHasStayedTheSame() throws {
        try withFile(oneUser) { file, folder, record in
            #expect(file.current.userCount == 1)
            try folder.write(twoUsers)
            file.take(folder.contents)
            #expect(file.current.userCount == 1)
            file.take(folder.contents)
            #expect(file.current.userCount == 2)
            #expect(record.messages == ["web configuration", "web configuration read again"])
        }
    }

    @Test func whileAFileIsBeingWrittenItHasNoEffect() throws {
        try withFile(oneUser) { file, folder, record in
            for end in stride(from: 1, to: twoUsers.count, by: 7) {
                try folder.write(String(twoUsers.prefix(end)))
                file.take(folder.contents)
            }
            try folder.write(oneUser)
            file.take(folder.contents)
            file.take(folder.contents)
            #expect(file.current.userCount == 1)
            #expect(record.messages == ["web configuration"])
        }
    }

    @Test(arguments: [
        "", "  \n", "# basic_auth_users:\n#   alice:", "---\n", "~", "null # {}", "basic_auth_users: {alice: wonder}",
        "[",
        "basic_auth_users:",
    ])
    func aBrokenFileChangesNothingAndIsSaidOnce(broken: String) throws {
        try withFile(oneUser) { file, folder, record in
            let before = file.current
            try folder.write(broken)
            for _ in 0..<10 { file.take(folder.contents) }
            #expect(file.current == before)
            #expect(
                record.messages == [
                    "web configuration", "the web configuration is broken; the former one stays in force",
                ]
            )
            try folder.write(oneUser)
            for _ in 0..<10 { file.take(folder.contents) }
            #expect(file.current == before)
            #expect(record.messages.count == 3 && record.messages.last == "web configuration read again")
        }
    }

    @Test func aFileThatSaysNothingLiftsNoRateLimitEither() throws {
        try withFile("rate_limit: {interval: 1s, burst: 5}") { file, folder, _ in
            try folder.write("# rate_limit:\n")
            for _ in 0..<3 { file.take(folder.contents) }
            #expect(file.current.rateLimit?.burst == 5)
        }
    }

    @Test func aFileThatSaysNothingAtTheStartIsWarnedOf() throws {
        try withFile("# nothing yet\n") { file, _, record in
            #expect(!file.current.isRestricting)
            #expect(record.messages.last == "the web configuration says nothing, so it keeps nobody out")
        }
    }

    @Test func aFileThatIsGoneChangesNothing() throws {
        try withFile(oneUser) { file, folder, record in
            try FileManager.default.removeItem(at: folder.file)
            for _ in 0..<3 { file.take(folder.contents) }
            #expect(file.current.userCount == 1)
            #expect(record.messages.count == 2)
        }
    }

    @Test func onlyInSoManyWordsAreRestrictionsLifted() throws {
        try withFile(oneUser) { file, folder, _ in
            try folder.write("{}")
            file.take(folder.contents)
            file.take(folder.contents)
            #expect(!file.current.isRestricting)
        }
    }

    @Test func aReadThatHangsDoesNotHoldUpTheEnd() async throws {
        let folder = try Folder()
        defer { folder.remove() }
        try folder.write(oneUser)
        let file = try WebConfigurationFile(
            path: folder.file.path,
            interval: .milliseconds(1),
            logger: ServerRecord().logger
        )
        let (hanging, begins) = AsyncStream.makeStream(of: Void.self)
        let hangs = DispatchSemaphore(value: 0)
        let contents = folder.contents
        let following = Task {
            await file.run {
                begins.yield()
                hangs.wait()
                return contents
            }
        }
        for await _ in hanging { break }
        following.cancel()
        await following.value
        hangs.signal()
    }

    @Test func aFileRenamedOverItIsNoticed() throws {
        try withFile(oneUser) { file, folder, _ in
            let other = folder.directory.appending(path: "other")
            try Data(twoUsers.utf8).write(to: other)
            rename(other.path, folder.file.path)
            file.take(folder.contents)
            file.take(folder.contents)
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
        let file = try WebConfigurationFile(path: folder.file.path, logger: ServerRecord().logger)
        #expect(file.current.userCount == 1)
        symlink("v2", data + "_tmp")
        rename(data + "_tmp", data)
        file.take(folder.contents)
        file.take(folder.contents)
        #expect(file.current.userCount == 2)
    }

    @Test func itFollowsTheFileByItself() async throws {
        let folder = try Folder()
        defer { folder.remove() }
        try folder.write(oneUser)
        let file = try WebConfigurationFile(
            path: folder.file.path,
            interval: .milliseconds(5),
            logger: ServerRecord().logger
        )
        let following = Task { await file.run() }
        try folder.write(twoUsers)
        while file.current.userCount != 2 { try await Task.sleep(for: .milliseconds(5)) }
        following.cancel()
        await following.value
    }

    @Test func aContextIsMadeAnewWhenItsFilesChangeAndOnlyThen() async throws {
        let certificates = try await TestCertificates.shared
        let folder = try Folder()
        defer { folder.remove() }
        let tls = "tls_server_config: {cert_file: server.pem, key_file: server.key, min_version: TLS12}\n"
        try folder.write(certificates.server)
        try folder.write(tls + oneUser)
        let record = ServerRecord()
        let file = try WebConfigurationFile(path: folder.file.path, logger: record.logger)
        let first = try #require(file.tls)
        func readAgain() {
            for _ in 0..<2 { file.take(folder.contents) }
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

        // What was never in force is no reason to make the same again.
        try FileManager.default.removeItem(at: folder.directory.appending(path: "server.key"))
        readAgain()
        try folder.write(certificates.newServer)
        readAgain()
        #expect(file.tls === third)

        // What was read is what is used, whatever has become of the files since.
        try folder.write(certificates.server)
        let contents = folder.contents
        try FileManager.default.removeItem(at: folder.directory.appending(path: "server.key"))
        for _ in 0..<2 { file.take(contents) }
        #expect(file.tls !== third)

        try folder.write(twoUsers)
        readAgain()
        #expect(file.tls == nil)
    }

    @Test(arguments: ["basic_auth_users: {a: b}", "[", "x: 1"])
    func aBrokenFileIsNoBeginning(broken: String) throws {
        let folder = try Folder()
        defer { folder.remove() }
        try folder.write(broken)
        let error = try #require(throws: WebConfigurationError.self) {
            try WebConfigurationFile(path: folder.file.path, logger: ServerRecord().logger)
        }
        #expect(error.description.hasPrefix(folder.file.path + ":"))
    }

    @Test func whatIsNoFileIsNoBeginning() throws {
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

    @Test func secretsThatAnybodyMayReadAreSaidOnce() throws {
        try withFile(oneUser, mode: 0o644) { file, folder, record in
            let warning = "anybody on this host may read a file with secrets"
            #expect(record.messages == ["web configuration", warning])
            try folder.write(twoUsers)
            file.take(folder.contents)
            file.take(folder.contents)
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
        let file = try WebConfigurationFile(path: folder.file.path, logger: record.logger)
        let warning = "the server's certificate has expired; clients that verify it get no answer"
        #expect(record.messages == ["web configuration", warning])
        #expect(file.tls?.expiry == "2021-01-01")
        func readAgain() {
            for _ in 0..<3 { file.take(folder.contents) }
        }

        try folder.write(tls + oneUser)
        readAgain()
        #expect(record.messages.dropFirst(2) == ["web configuration read again", warning])

        try folder.write(certificates.server)
        readAgain()
        #expect(file.tls?.expiry == nil)
        #expect(record.messages.dropFirst(4) == ["web configuration read again"])
    }

    @Test func thatThereIsNoHTTP2IsSaidOnceWhereItIsAskedFor() throws {
        try withFile("http_server_config: {http2: true}") { file, folder, record in
            try folder.write("http_server_config: {http2: true, headers: {X-Frame-Options: deny}}")
            file.take(folder.contents)
            file.take(folder.contents)
            #expect(record.messages.filter { $0.contains("HTTP/1.1") }.count == 1)
        }
        try withFile("http_server_config: {http2: false}") { _, _, record in
            #expect(record.messages == ["web configuration"])
        }
    }
}

private let oneUser = "basic_auth_users:\n  alice: \(hashOfWonder)\n"
private let twoUsers = oneUser + "  bob: \(hashOfBuilder)\n"

/// A folder with a web configuration, which a test writes as it likes.
private struct Folder {
    let directory: URL
    var file: URL { directory.appending(path: "web.yml") }
    var contents: WebConfigurationContents { WebConfigurationContents(path: file.path) }

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
    try body(try WebConfigurationFile(path: folder.file.path, logger: record.logger), folder, record)
}
