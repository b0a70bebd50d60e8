/// A value of a YAML document, with its place and its keys, and checks of what it should be.
struct YAMLValue {
    enum Content {
        /// `isPlain` without quotes: only then may a word mean something else than itself.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLValue])
        case mapping([(key: YAMLValue, value: YAMLValue)])
    }

    let content: Content
    /// Whether a tag (`!name`) changes its type.
    let isTagged: Bool
    let position: WebConfigurationError.Position
    /// The keys from the root to this value; for a key, itself included.
    var path: [String]

    /// An error at this value.
    func error(_ reason: String) -> WebConfigurationError {
        WebConfigurationError(
            position: position,
            key: path.map(Self.shown).joined(separator: "."),
            reason: reason
        )
    }

    /// Whether it is null: `key:`, `key: ~` or `key: null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The values of a mapping by their keys; no other keys than these are allowed.
    func values(of keys: [String]) throws(WebConfigurationError) -> [String: YAMLValue] {
        var values: [String: YAMLValue] = [:]
        for (name, key, value) in try entries("a mapping of \(keys.joined(separator: ", "))") {
            guard keys.contains(name) else {
                throw key.error("there is no such key; there are \(keys.joined(separator: ", "))")
            }
            values[name] = value
        }
        return values
    }

    /// The names, keys and values of a mapping in their order; none if it is null.
    func entries(
        _ expectation: String
    ) throws(WebConfigurationError) -> [(name: String, key: YAMLValue, value: YAMLValue)] {
        if isNull { return [] }
        guard case .mapping(let mapping) = content else { throw error("not \(expectation)") }
        try refuseTag()
        var entries: [(String, YAMLValue, YAMLValue)] = []
        var names: Set<String> = []
        for (key, value) in mapping {
            guard case .scalar(let name, _) = key.content else {
                throw key.error("a key is a word, not a list or a mapping")
            }
            try key.refuseTag()
            guard names.insert(name).inserted else { throw key.error("the key is given twice") }
            entries.append((name, key, value))
        }
        return entries
    }

    /// The values of a list in their order; nil if it is null.
    func list(_ expectation: String) throws(WebConfigurationError) -> [YAMLValue]? {
        if isNull { return nil }
        guard case .sequence(let sequence) = content else { throw error("not \(expectation)") }
        try refuseTag()
        return sequence
    }

    /// The text of a scalar; nil if it is null. A number is a text too, as it is written.
    func text(_ expectation: String) throws(WebConfigurationError) -> String? {
        if isNull { return nil }
        guard case .scalar(let text, _) = content else { throw error("not \(expectation)") }
        try refuseTag()
        return text
    }

    /// A boolean, by the words of YAML 1.1; nil if it is null.
    func boolean() throws(WebConfigurationError) -> Bool? {
        if isNull { return nil }
        if case .scalar(let text, isPlain: true) = content, !isTagged {
            switch text.lowercased() {
            case "true", "yes", "on": return true
            case "false", "no", "off": return false
            default: break
            }
        }
        throw error("not true or false")
    }

    /// Refuses `!tag` before a value, which would change its type.
    private func refuseTag() throws(WebConfigurationError) {
        guard !isTagged else { throw error("a tag (!name), which this file may not have") }
    }

    /// A key as it is shown in an error, unless it may be a secret in the wrong place.
    static func shown(_ key: String) -> String {
        guard key.unicodeScalars.count <= 64, !key.contains("$2") else { return "(a key that is not shown)" }
        return String(String.UnicodeScalarView(key.unicodeScalars.map { $0.properties.isPrintable ? $0 : "?" }))
    }
}

extension Unicode.Scalar.Properties {
    /// Whether a terminal shows it as a character and nothing more.
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
    }
}
