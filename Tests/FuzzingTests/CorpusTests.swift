import Foundation
import Testing

/// What the coverage-guided run (`make fuzz`) does for long, in short: the corpora, and mutations of them that are the same
/// each time.
@Suite struct CorpusTests {
    @Test(arguments: FuzzTarget.allCases)
    func theInputsOfTheCorpusHoldWhatMustHold(target: FuzzTarget) throws {
        for (name, input) in try corpus(of: target) {
            #expect(throws: Never.self, "\(name)") { try target.check(input) }
        }
    }

    @Test(arguments: FuzzTarget.allCases)
    func theirMutationsDoToo(target: FuzzTarget) throws {
        let inputs = try corpus(of: target).map(\.input)
        var mutator = Mutator(seed: 1)
        for _ in 0..<1000 {
            let input = mutator.mutation(of: inputs)
            #expect(throws: Never.self, "\(Data(input).base64EncodedString())") { try target.check(input) }
        }
    }

    /// The inputs by the names of their files, in their order.
    private func corpus(of target: FuzzTarget) throws -> [(name: String, input: [UInt8])] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let directory = root.appending(components: "Fuzzing", "corpora", target.rawValue)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
        try #require(!names.isEmpty)
        return try names.map { ($0, Array(try Data(contentsOf: directory.appending(component: $0)))) }
    }
}
