import CLibyaml

extension YAMLValue {
    /// More than the certificates and keys of a large configuration take.
    private static let maximumBytes = 256 * 1024
    /// Twice of what a web configuration needs.
    private static let maximumDepth = 8

    /// Reads a text of one small, flat document; nil where it holds nothing but comments.
    ///
    /// Aliases are refused, because one that repeats another makes ten lines of text into a billion values.
    ///
    /// - Throws: The first error. It quotes nothing of the text, which may hold secrets.
    static func root(of bytes: [UInt8]) throws(WebConfigurationError) -> YAMLValue? {
        guard bytes.count <= maximumBytes else {
            throw WebConfigurationError(reason: "the file is larger than \(maximumBytes / 1024) KiB")
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw WebConfigurationError(reason: "the file is not UTF-8")
        }
        guard !hasDeepBrackets(bytes) else {
            throw WebConfigurationError(reason: "nested deeper than \(maximumDepth) levels")
        }
        // A byte order mark is no content, and would count as a column.
        let parser = YAMLParser(bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes)
        guard let document = try parser.nextDocument(), let first = document.nodes.first else { return nil }
        var usedNodes: Set<Int> = []
        let root = try value(of: first, in: document, path: [], depth: 0, &usedNodes)
        if let second = try parser.nextDocument()?.nodes.first {
            throw WebConfigurationError(
                position: .init(second.start_mark),
                reason: "a second document (---), which this file may not have"
            )
        }
        return root
    }

    /// Whether so many brackets are open at a time that libyaml's quadratic time for them matters: 22 s for 100 000.
    /// Brackets in texts count too, so the bound is far above the depth that is allowed.
    private static func hasDeepBrackets(_ bytes: [UInt8]) -> Bool {
        var depth = 0
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): depth = max(0, depth - 1)
            default: continue
            }
            if depth > 100 { return true }
        }
        return false
    }

    private static func value(
        of node: yaml_node_t,
        in document: YAMLParser.Document,
        path: [String],
        depth: Int,
        _ usedNodes: inout Set<Int>
    ) throws(WebConfigurationError) -> YAMLValue {
        let position = WebConfigurationError.Position(node.start_mark)
        guard depth <= maximumDepth else {
            throw WebConfigurationError(position: position, reason: "nested deeper than \(maximumDepth) levels")
        }
        func child(_ index: Int32, path: [String]) throws(WebConfigurationError) -> YAMLValue {
            // libyaml numbers the nodes from 1; an alias has the number of the node that it repeats.
            let child = document.nodes[Int(index) - 1]
            guard usedNodes.insert(Int(index)).inserted else {
                throw WebConfigurationError(
                    position: .init(child.start_mark),
                    reason: "an anchor (&name) that an alias (*name) repeats, which this file may not have: "
                        + "write the value out"
                )
            }
            return try value(of: child, in: document, path: path, depth: depth + 1, &usedNodes)
        }
        let content: Content
        switch node.type {
        case YAML_SEQUENCE_NODE:
            var values: [YAMLValue] = []
            for item in document.items(node.data.sequence.items.start, node.data.sequence.items.top) {
                values.append(try child(item, path: path))
            }
            content = .sequence(values)
        case YAML_MAPPING_NODE:
            var entries: [(key: YAMLValue, value: YAMLValue)] = []
            for pair in document.items(node.data.mapping.pairs.start, node.data.mapping.pairs.top) {
                var key = try child(pair.key, path: path)
                if case .scalar(let name, _) = key.content { key.path.append(name) }
                entries.append((key, try child(pair.value, path: key.path)))
            }
            content = .mapping(entries)
        default:
            let scalar = node.data.scalar
            // It may hold any character, also a NUL.
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            content = .scalar(
                String(decoding: bytes, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE
            )
        }
        // libyaml gives a node without a tag that of its kind (YAML 1.1, section 10.1).
        let tag = node.tag.map { String(cString: $0) }
        let isTagged = ![YAML_STR_TAG, YAML_SEQ_TAG, YAML_MAP_TAG].contains(tag)
        return YAMLValue(content: content, isTagged: isTagged, position: position, path: path)
    }
}

/// libyaml's parser and the document that it loaded last (yaml.h).
private final class YAMLParser {
    /// The nodes of a document; the root is the first.
    struct Document {
        let nodes: UnsafeBufferPointer<yaml_node_t>

        func items<Item>(_ start: UnsafeMutablePointer<Item>?, _ top: UnsafeMutablePointer<Item>?)
            -> UnsafeBufferPointer<Item>
        {
            UnsafeBufferPointer(start: start, count: start.map { top! - $0 } ?? 0)
        }
    }

    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    private let document = UnsafeMutablePointer<yaml_document_t>.allocate(capacity: 1)
    // libyaml reads of it until the end.
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(fromContentsOf: bytes)
        document.initialize(to: yaml_document_t())
        precondition(yaml_parser_initialize(parser) == 1, "no memory for a YAML parser")
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
        // Without it libyaml guesses from the first bytes.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_document_delete(document)
        yaml_parser_delete(parser)
        document.deallocate()
        parser.deallocate()
        input.deallocate()
    }

    /// Loads the next document in the place of the one before; nil at the end of the text.
    func nextDocument() throws(WebConfigurationError) -> Document? {
        yaml_document_delete(document)
        guard yaml_parser_load(parser, document) == 1 else { throw failure() }
        let nodes = document.pointee.nodes
        guard let start = nodes.start, nodes.top > start else { return nil }
        return Document(nodes: UnsafeBufferPointer(start: start, count: nodes.top - start))
    }

    private func failure() -> WebConfigurationError {
        // A byte that cannot be read has no line in libyaml's report.
        let hasPlace = [YAML_SCANNER_ERROR, YAML_PARSER_ERROR, YAML_COMPOSER_ERROR].contains(parser.pointee.error)
        return WebConfigurationError(
            position: hasPlace ? .init(parser.pointee.problem_mark) : nil,
            reason: "not YAML: " + (parser.pointee.problem.map { String(cString: $0) } ?? "it cannot be read")
        )
    }
}

extension WebConfigurationError.Position {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
