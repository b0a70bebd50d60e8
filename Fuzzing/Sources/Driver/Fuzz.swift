import CLibFuzzer

/// `fuzz TARGET …`: libFuzzer over one target; what follows is libFuzzer's own (llvm.org/docs/LibFuzzer.html).
@main
enum Fuzz {
    static let target: FuzzTarget = {
        guard CommandLine.arguments.count > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
            fatalError("the targets are \(FuzzTarget.allCases.map(\.rawValue))")
        }
        return target
    }()

    static func main() {
        _ = target
        // libFuzzer's arguments begin behind the target's name, in whose place it finds the program's.
        CommandLine.unsafeArgv[1] = CommandLine.unsafeArgv[0]
        var count = CommandLine.argc - 1
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
        LLVMFuzzerRunDriver(&count, &arguments, checkOneInput)
    }
}

/// What libFuzzer calls for each input; under this name, because it looks for it.
@c(LLVMFuzzerTestOneInput)
func checkOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try Fuzz.target.check(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        fatalError("\(error)")
    }
    return 0
}
