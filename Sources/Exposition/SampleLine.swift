extension [UInt8] {
    /// Appends the line of a sample; without room of its own for anything, for this is done for each series of a scrape.
    mutating func append(_ sample: Sample, named name: [UInt8]) {
        append(contentsOf: name)
        let (labels, further) = (sample.labels.bytes, sample.furtherLabels.bytes)
        if !labels.isEmpty || !further.isEmpty {
            append(UInt8(ascii: "{"))
            append(contentsOf: labels)
            if !labels.isEmpty && !further.isEmpty { append(UInt8(ascii: ",")) }
            append(contentsOf: further)
            append(UInt8(ascii: "}"))
        }
        append(UInt8(ascii: " "))
        append(sample.value)
        append(UInt8(ascii: "\n"))
    }

    private mutating func append(_ value: Sample.Value) {
        switch value {
        case .whole(let number): append(decimal: number)
        case .fraction(let number) where number.isNaN: append(contentsOf: "NaN".utf8)
        case .fraction(let number) where number.isInfinite: append(contentsOf: (number < 0 ? "-Inf" : "+Inf").utf8)
        // The shortest text that reads as this number again.
        case .fraction(let number): append(contentsOf: number.description.utf8)
        }
    }

    /// Appends the digits of a whole number.
    private mutating func append(decimal number: UInt64) {
        // 2⁶⁴ has 20 digits; the last one comes first.
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = digits.count
        var rest = number
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        append(addingCapacity: digits.count) { output in
            for index in start..<digits.count { output.append(digits[index]) }
        }
    }
}
