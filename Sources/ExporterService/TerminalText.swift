/// How much a terminal understands.
package struct TerminalStyle: Sendable {
    /// Whether it shows colours.
    package let hasColour: Bool
    /// Whether it shows more than ASCII.
    package let hasUnicode: Bool

    /// A terminal that understands so much.
    package init(hasColour: Bool, hasUnicode: Bool) {
        self.hasColour = hasColour
        self.hasUnicode = hasUnicode
    }
}

/// A text for a terminal, with a colour perhaps, and the width that it takes there.
struct TerminalText {
    /// The colours in use (ECMA-48, SGR).
    enum Colour: Int {
        case red = 31
        case green = 32
        case yellow = 33
    }

    let text: String
    var colour: Colour?
    var isRightAligned = false

    /// A text; characters that steer a terminal are replaced, for a domain may be called anything.
    init(_ text: String, _ colour: Colour? = nil, isRightAligned: Bool = false) {
        self.text = String(
            String.UnicodeScalarView(text.unicodeScalars.map { Self.steers($0) ? "\u{fffd}" : $0 })
        )
        self.colour = colour
        self.isRightAligned = isRightAligned
    }

    /// Control characters, and those that turn the direction of writing.
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }

    /// The columns that it takes: two for a wide character (Unicode Standard Annex 11), none for one that joins the
    /// character before.
    var width: Int {
        text.reduce(0) { sum, character in
            let isWide = character.unicodeScalars.contains { scalar in
                scalar.properties.isEmojiPresentation || Self.wide.contains { $0.contains(scalar.value) }
            }
            return sum + (isWide ? 2 : 1)
        }
    }

    /// The text in no more than this many columns; the end of a longer one is left out.
    func truncated(to columns: Int, _ style: TerminalStyle) -> TerminalText {
        guard width > columns else { return self }
        let mark = style.hasUnicode ? "…" : "~"
        var start = text
        repeat { start.removeLast() } while TerminalText(start + mark).width > columns
        return TerminalText(start + mark, colour, isRightAligned: isRightAligned)
    }

    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60,
        0xffe0...0xffe6, 0x20000...0x3fffd,
    ]

    /// The text in this many columns.
    func padded(to columns: Int, _ style: TerminalStyle) -> String {
        let space = String(repeating: " ", count: max(0, columns - width))
        let coloured =
            if style.hasColour, let colour { "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" } else { text }
        return isRightAligned ? space + coloured : coloured + space
    }
}
