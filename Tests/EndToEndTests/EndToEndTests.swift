import Foundation
import Testing

/// How long the soak takes, in seconds.
let soakSeconds = ProcessInfo.processInfo.environment["SOAK_SECONDS"].flatMap { Int($0) } ?? 30

/// Everything that needs a real libvirtd: one after the other, since each guest wants a core to boot. No test takes more
/// than minutes, but for the soak, which takes as long as it is told to.
@Suite(.serialized, .timeLimit(.minutes(5 + soakSeconds / 60)))
enum EndToEndTests {}
