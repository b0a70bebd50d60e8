import Foundation
import Testing

@testable import ExporterService

@Suite struct ProcessMemoryTests {
    @Test func whatOfTheProgramIsNotUsedIsGivenBack() throws {
        let before = try residentProgramKiB()
        // Not what does so once only: another test's first answer may have been that time.
        ProcessMemory.giveBackProgram()
        #expect(try residentProgramKiB() < before)
    }

    /// How much of the program's own file is in this process's memory (proc(5), smaps).
    private func residentProgramKiB() throws -> Int {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var isProgram = false
        var resident = 0
        // What reads a file whole takes the first page of a list in /proc for all of it, for no size is given.
        let maps = try #require(try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps")).readToEnd())
        for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if words[0].contains("-") { isProgram = line.hasSuffix(program) }
            if isProgram, words[0] == "Rss:" { resident += Int(words[1]) ?? 0 }
        }
        try #require(resident > 0)
        return resident
    }
}
