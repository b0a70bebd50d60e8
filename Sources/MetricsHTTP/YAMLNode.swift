/// A node of a YAML document: what is written and where, with nothing resolved.
struct YAMLNode {
    /// What is written.
    enum Content {
        /// `isPlain` without quotes, which is where a word may mean something.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([(key: YAMLNode, value: YAMLNode)])
    }

    let content: Content
    /// Whether a tag (`!name`) makes it something else than it looks like.
    let isTagged: Bool
    let position: WebConfigurationError.Position

    /// More than the certificates and keys of a large configuration take.
    static let maximumBytes = 256 * 1024
    /// Twice of what a web configuration needs.
    private static let maximumDepth = 8

    /// The root of a document that is small, flat and says everything itself, or nil where there is none but comments.
    ///
    /// Anchors are refused, because an alias that repeats an alias makes ten lines of text into a billion values.
    static func root(of bytes: [UInt8]) throws(WebConfigurationError) -> YAMLNode? {
        guard bytes.count <= maximumBytes else {
            throw WebConfigurationError(reason: "the file is larger than \(maximumBytes / 1024) KiB")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw WebConfigurationError(reason: "the file is not UTF-8")
        }
        let parser = YAMLParser(bytes)
        let event = try parser.next()
        if case .end = event.kind { return nil }
        let root = try YAMLNode(parser, event, depth: 0)
        let end = try parser.next()
        guard case .end = end.kind else {
            throw WebConfigurationError(
                position: end.position,
                reason: "a second document (---), which this file may not have"
            )
        }
        return root
    }

    /// The node that begins with this event.
    private init(_ parser: YAMLParser, _ event: YAMLParser.Event, depth: Int) throws(WebConfigurationError) {
        guard depth <= Self.maximumDepth else {
            throw WebConfigurationError(
                position: event.position,
                reason: "nested deeper than \(Self.maximumDepth) levels"
            )
        }
        switch event.kind {
        case .scalar(let text, let isPlain):
            content = .scalar(text, isPlain: isPlain)
        case .sequence:
            var nodes: [YAMLNode] = []
            while let node = try Self.next(parser, depth: depth + 1) { nodes.append(node) }
            content = .sequence(nodes)
        case .mapping:
            var entries: [(key: YAMLNode, value: YAMLNode)] = []
            while let key = try Self.next(parser, depth: depth + 1) {
                // A key without a value has an empty one.
                guard let value = try Self.next(parser, depth: depth + 1) else { break }
                entries.append((key, value))
            }
            content = .mapping(entries)
        case .end:
            throw WebConfigurationError(position: event.position, reason: "no YAML: it ends too early")
        }
        isTagged = event.isTagged
        position = event.position
    }

    /// The next node of a collection; nil at its end.
    private static func next(_ parser: YAMLParser, depth: Int) throws(WebConfigurationError) -> YAMLNode? {
        let event = try parser.next()
        if case .end = event.kind { return nil }
        return try YAMLNode(parser, event, depth: depth)
    }
}
