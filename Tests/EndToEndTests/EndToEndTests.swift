import Testing

/// Everything that needs a real libvirtd: one after the other, since each guest wants a core to boot.
@Suite(.serialized, .timeLimit(.minutes(5)))
enum EndToEndTests {}
