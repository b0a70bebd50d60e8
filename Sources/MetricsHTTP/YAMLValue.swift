/// A value of a YAML document that knows its place and its keys, and refuses what it should not be.
struct YAMLValue {
    private let node: YAMLNode
    private let path: [String]

    init(node: YAMLNode, path: [String] = []) {
        self.node = node
        self.path = path
    }

    /// That this value is wrong.
    func error(_ reason: String) -> WebConfigurationError {
        WebConfigurationError(
            position: node.position,
            key: path.map(Self.shown).joined(separator: "."),
            reason: reason
        )
    }

    /// Whether nothing is there: `key:`, `key: ~` or `key: null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = node.content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The values of a mapping by their keys, of which it may have these.
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

    /// The keys, as names and with their places, and values of a mapping in their order; none if nothing is there.
    func entries(
        _ expectation: String
    ) throws(WebConfigurationError) -> [(name: String, key: YAMLValue, value: YAMLValue)] {
        if isNull { return [] }
        guard case .mapping(let mapping) = node.content else { throw error("not \(expectation)") }
        try refuseTag()
        var entries: [(String, YAMLValue, YAMLValue)] = []
        var names: Set<String> = []
        for (key, value) in mapping {
            guard case .scalar(let name, _) = key.content else {
                throw YAMLValue(node: key, path: path).error("a key is a word, not a list or a mapping")
            }
            let key = YAMLValue(node: key, path: path + [name])
            try key.refuseTag()
            guard names.insert(name).inserted else { throw key.error("the key stands there twice") }
            entries.append((name, key, YAMLValue(node: value, path: path + [name])))
        }
        return entries
    }

    /// The values of a list in their order, or nil if nothing is there.
    func list(_ expectation: String) throws(WebConfigurationError) -> [YAMLValue]? {
        if isNull { return nil }
        guard case .sequence(let sequence) = node.content else { throw error("not \(expectation)") }
        try refuseTag()
        return sequence.map { YAMLValue(node: $0, path: path) }
    }

    /// The text of a scalar, or nil if nothing is there. A number is a text too, as it is written.
    func text(_ expectation: String) throws(WebConfigurationError) -> String? {
        if isNull { return nil }
        guard case .scalar(let text, _) = node.content else { throw error("not \(expectation)") }
        try refuseTag()
        return text
    }

    /// Whether it is true, by the words of YAML 1.1, or nil if nothing is there.
    func boolean() throws(WebConfigurationError) -> Bool? {
        if isNull { return nil }
        if case .scalar(let text, isPlain: true) = node.content, !node.isTagged {
            switch text.lowercased() {
            case "true", "yes", "on": return true
            case "false", "no", "off": return false
            default: break
            }
        }
        throw error("not true or false")
    }

    /// `!tag` before a value, which would make it something else.
    private func refuseTag() throws(WebConfigurationError) {
        guard !node.isTagged else { throw error("a tag (!name), which this file may not have") }
    }

    /// A key for people to read, unless it may be a secret that got into the place of a key.
    static func shown(_ key: String) -> String {
        guard key.unicodeScalars.count <= 64, !key.contains("$2") else { return "(a key that is not shown)" }
        return String(String.UnicodeScalarView(key.unicodeScalars.map { $0.properties.isPrintable ? $0 : "?" }))
    }
}

extension Unicode.Scalar.Properties {
    /// Whether a terminal takes it for a character and nothing more.
    fileprivate var isPrintable: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: false
        default: true
        }
    }
}
