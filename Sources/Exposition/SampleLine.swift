extension [UInt8] {
    /// Appends the line of a sample; it allocates nothing but the array's own growth, for it is done for each series of a
    /// scrape.
    mutating func append(_ sample: borrowing Sample, named name: borrowing [UInt8]) {
        // Beside these at most two braces, a comma, a space, 20 digits and the line's end.
        let room = name.count + sample.labels.bytes.count + sample.furtherLabels.bytes.count + 25
        append(addingCapacity: room) { line in
            line.append(contentsOf: name.span)
            if !sample.labels.isEmpty || !sample.furtherLabels.isEmpty {
                line.append(UInt8(ascii: "{"))
                line.append(contentsOf: sample.labels.bytes.span)
                if !sample.labels.isEmpty && !sample.furtherLabels.isEmpty { line.append(UInt8(ascii: ",")) }
                line.append(contentsOf: sample.furtherLabels.bytes.span)
                line.append(UInt8(ascii: "}"))
            }
            line.append(UInt8(ascii: " "))
            if case .whole(let number) = sample.value {
                line.append(decimal: number)
                line.append(UInt8(ascii: "\n"))
            }
        }
        if case .fraction(let number) = sample.value {
            append(fraction: number)
            append(UInt8(ascii: "\n"))
        }
    }

    /// Appends the shortest text that reads as this number again, in the formats' words for what is none.
    private mutating func append(fraction number: Double) {
        guard number.isFinite else {
            append(contentsOf: (number.isNaN ? "NaN" : number < 0 ? "-Inf" : "+Inf").utf8)
            return
        }
        append(contentsOf: number.description.utf8)
    }
}

extension OutputSpan<UInt8> {
    /// Appends all bytes at once; the standard library has only an `append` for one.
    fileprivate mutating func append(contentsOf bytes: Span<UInt8>) {
        precondition(bytes.count <= freeCapacity)
        withUnsafeMutableBufferPointer { room, count in
            bytes.withUnsafeBufferPointer { _ = room[count...].initialize(fromContentsOf: $0) }
            count += bytes.count
        }
    }

    /// Appends the digits of a whole number.
    fileprivate mutating func append(decimal number: UInt64) {
        // 2⁶⁴ has 20 digits; the last one comes first.
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = digits.count
        var rest = number
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        append(contentsOf: digits.span.extracting(start...))
    }
}
