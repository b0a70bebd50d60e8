/// What must hold of every input does not hold of this one.
struct Violation: Error, CustomStringConvertible {
    let description: String
}

/// Makes sure of something that must hold whatever the input is.
func require(_ holds: Bool, _ rule: @autoclosure () -> String) throws {
    guard holds else { throw Violation(description: rule()) }
}
