import Foundation

/// The lines of a list in /proc, all of them: `String(contentsOfFile:)` takes the first page of it for the whole, for
/// such a file is said to have no bytes.
func procLines(_ path: String) throws -> [Substring] {
    let contents = try FileHandle(forReadingFrom: URL(filePath: path)).readToEnd() ?? Data()
    return String(decoding: contents, as: UTF8.self).split(separator: "\n")
}
