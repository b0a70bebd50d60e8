import Foundation
import Testing

@testable import Exposition

@Suite struct GzipTests {
    private func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "bytes.gz")
        try Data(bytes).write(to: file)

        let process = Process()
        process.executableURL = URL(filePath: "/bin/gzip")
        process.arguments = ["--decompress", "--stdout", file.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let result = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return Array(result)
    }

    @Test(arguments: [0, 1, 1000, 3_000_000])
    func whatIsCompressedComesBackTheSame(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) }
        #expect(try gunzip(#require(gzip(bytes))) == bytes)
    }

    @Test func bytesThatDoNotCompressFit() throws {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<100_000).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        #expect(try gunzip(#require(gzip(bytes))) == bytes)
    }
}
