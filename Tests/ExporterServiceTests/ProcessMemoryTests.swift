import Foundation
import Testing

@testable import ExporterService

@Suite struct ProcessMemoryTests {
    @Test func whatTheStartAloneNeededIsGivenBack() throws {
        let before = try residentProgramKiB()
        ProcessMemory.giveBackTheStart()
        #expect(try residentProgramKiB() < before)
    }

    /// How much of the program's own file is in this process's memory (proc(5), smaps).
    private func residentProgramKiB() throws -> Int {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var isProgram = false
        var resident = 0
        for line in try String(contentsOfFile: "/proc/self/smaps", encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if words[0].contains("-") { isProgram = line.hasSuffix(program) }
            if isProgram, words[0] == "Rss:" { resident += Int(words[1]) ?? 0 }
        }
        return resident
    }
}
