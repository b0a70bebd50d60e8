import Testing

/// The tests of TLS, one after the other: each starts programs, and what else is tested meanwhile has time limits.
@Suite(.serialized, .timeLimit(.minutes(5))) enum TLSTests {}
