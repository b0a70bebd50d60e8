import CLibyaml

/// libyaml's parser (yaml.h), which says one thing after the other of a text.
final class YAMLParser {
    /// What it says.
    struct Event {
        enum Kind {
            /// `isPlain` without quotes.
            case scalar(String, isPlain: Bool)
            case sequence
            case mapping
            /// Of the collection that began last, or of the text.
            case end
        }

        let kind: Kind
        /// Whether there is a tag other than that of a text, a sequence or a mapping.
        let isTagged: Bool
        let position: WebConfigurationError.Position
    }

    private let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    // libyaml reads of it until the end.
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        input = .allocate(capacity: bytes.count)
        _ = input.initialize(fromContentsOf: bytes)
        precondition(yaml_parser_initialize(parser) == 1, "no memory for a parser of YAML")
        yaml_parser_set_input_string(parser, input.baseAddress, input.count)
        // Or it would be guessed from the first bytes.
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// What comes next.
    ///
    /// - Throws: what is wrong there; it quotes nothing of the text, which may hold secrets.
    func next() throws(WebConfigurationError) -> Event {
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
            defer { yaml_event_delete(&event) }
            let position = WebConfigurationError.Position(event.start_mark)
            func described(_ kind: Event.Kind, anchor: UnsafePointer<UInt8>?, tag: UnsafePointer<UInt8>?)
                throws(WebConfigurationError) -> Event
            {
                guard anchor == nil else {
                    throw WebConfigurationError(
                        position: position,
                        reason: "an anchor (&name), which this file may not have: write the value out"
                    )
                }
                let tag = tag.map { String(cString: $0) }
                let isTagged = tag.map { !Self.plainTags.contains($0) } ?? false
                return Event(kind: kind, isTagged: isTagged, position: position)
            }
            switch event.type {
            case YAML_SCALAR_EVENT:
                let scalar = event.data.scalar
                // It may hold any character, also a NUL.
                let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
                let kind = Event.Kind.scalar(
                    String(decoding: bytes, as: UTF8.self),
                    isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE
                )
                return try described(kind, anchor: scalar.anchor, tag: scalar.tag)
            case YAML_SEQUENCE_START_EVENT:
                let sequence = event.data.sequence_start
                return try described(.sequence, anchor: sequence.anchor, tag: sequence.tag)
            case YAML_MAPPING_START_EVENT:
                let mapping = event.data.mapping_start
                return try described(.mapping, anchor: mapping.anchor, tag: mapping.tag)
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT, YAML_STREAM_END_EVENT:
                return Event(kind: .end, isTagged: false, position: position)
            case YAML_ALIAS_EVENT:
                throw WebConfigurationError(
                    position: position,
                    reason: "an alias (*name), which this file may not have: write the value out"
                )
            default:
                // A stream or a document begins, or a document ends.
                continue
            }
        }
    }

    /// The tags of the failsafe schema (YAML 1.1, section 10.1), which change nothing.
    private static let plainTags: Set<String> = [
        YAML_STR_TAG, YAML_SEQ_TAG, YAML_MAP_TAG,
    ]

    private func failure() -> WebConfigurationError {
        // Of a byte that cannot be read libyaml knows no line.
        let isPlaced = parser.pointee.error == YAML_SCANNER_ERROR || parser.pointee.error == YAML_PARSER_ERROR
        return WebConfigurationError(
            position: isPlaced ? .init(parser.pointee.problem_mark) : nil,
            reason: "no YAML: " + (parser.pointee.problem.map { String(cString: $0) } ?? "it cannot be read")
        )
    }
}

extension WebConfigurationError.Position {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
