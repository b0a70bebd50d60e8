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

    /// The bytes as a gzip member of one part.
    private func gzip(_ bytes: [UInt8]) -> [UInt8] {
        var part = DeflatedBytes()
        part.append(bytes)
        return Array(Gzip.member(of: [part]).joined())
    }

    @Test(arguments: [0, 1, 1000, 3_000_000])
    func whatIsCompressedComesBackTheSame(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) }
        #expect(try gunzip(gzip(bytes)) == bytes)
    }

    @Test func bytesThatDoNotCompressFit() throws {
        var random = SystemRandomNumberGenerator()
        let bytes = (0..<100_000).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        #expect(try gunzip(gzip(bytes)) == bytes)
    }

    @Test func partsThatWereCompressedApartAreOneMember() throws {
        let texts = [Array("first\n".utf8), [], [UInt8](repeating: 0x61, count: 700_000), Array("last\n".utf8)]
        let parts = texts.map { text in
            var part = DeflatedBytes()
            for start in stride(from: 0, to: text.count, by: 300_000) {
                part.append(Array(text[start..<min(start + 300_000, text.count)]))
            }
            return part
        }
        #expect(try gunzip(Array(Gzip.member(of: parts).joined())) == Array(texts.joined()))
        #expect(try gunzip(Array(Gzip.member(of: [parts[3], parts[0]]).joined())) == Array("last\nfirst\n".utf8))
    }
}
