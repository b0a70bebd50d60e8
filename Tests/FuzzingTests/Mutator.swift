/// Changes inputs at random, and in the same way for the same seed.
struct Mutator {
    private var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(state: seed)
    }

    /// One of these inputs, changed in one to four places.
    mutating func mutation(of inputs: [[UInt8]]) -> [UInt8] {
        var input = inputs.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let start = Int.random(in: 0...input.count, using: &random)
            let end = Int.random(in: start...min(start + 16, input.count), using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: input.removeSubrange(start..<end)
            case 1: input.insert(contentsOf: input[start..<end], at: start)
            case 2: input.replaceSubrange(start..<end, with: [UInt8.random(in: 0 ... .max, using: &random)])
            default: input.replaceSubrange(start..<end, with: piece(of: inputs))
            }
        }
        return input
    }

    private mutating func piece(of inputs: [[UInt8]]) -> ArraySlice<UInt8> {
        let input = inputs.randomElement(using: &random) ?? []
        let start = Int.random(in: 0...input.count, using: &random)
        return input[start...].prefix(Int.random(in: 1...32, using: &random))
    }
}

/// Sebastiano Vigna's generator (prng.di.unimi.it), because the system's takes no seed.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
