import Exposition

/// An element of a list with quality values, as Accept and Accept-Encoding hold them (RFC 9110, section 12.4.2).
private struct WeightedItem {
    let name: String
    let parameters: [String: String]
    let quality: Double

    /// The items of a field's value; a malformed quality counts as 0, so that what is unclear is never preferred.
    static func list(_ field: String) -> [WeightedItem] {
        // By scalars: to Swift a comma and an accent behind it are one Character, which is no comma.
        field.unicodeScalars.split(separator: ",").compactMap { element in
            let parts = element.split(separator: ";", omittingEmptySubsequences: false).map {
                $0.trimmingSpaces().lowercased()
            }
            guard let name = parts.first, !name.isEmpty else { return nil }
            var parameters: [String: String] = [:]
            for part in parts.dropFirst() {
                let pair = part.unicodeScalars.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    .map { $0.trimmingSpaces() }
                if pair.count == 2 { parameters[pair[0]] = pair[1].unquoted() }
            }
            let quality = parameters.removeValue(forKey: "q").map { Double($0) ?? 0 } ?? 1
            return WeightedItem(name: name, parameters: parameters, quality: (0...1).contains(quality) ? quality : 0)
        }
    }
}

extension ExpositionFormat {
    /// The format to answer with.
    ///
    /// OpenMetrics is taken where it is asked for by name and version and text is not preferred; all else, no match
    /// included, gets text 0.0.4, which everybody reads.
    ///
    /// - Parameter accept: the value of the Accept field; nil where there is none.
    static func negotiated(accept: String?) -> ExpositionFormat {
        let items = WeightedItem.list(accept ?? "")
        let openMetrics =
            items.filter {
                $0.name == "application/openmetrics-text" && ["1.0.0", nil].contains($0.parameters["version"])
            }
            .map(\.quality).max() ?? 0
        // The most specific range that matches counts (RFC 9110, section 12.5.1).
        let text =
            ["text/plain", "text/*", "*/*"].lazy.compactMap { name in
                items.filter { $0.name == name && ["0.0.4", nil].contains($0.parameters["version"]) }.map(\.quality)
                    .max()
            }.first ?? 0
        return openMetrics > 0 && openMetrics >= text ? .openMetrics : .text
    }
}

/// Whether the answer may come compressed by gzip, and is not preferred plain.
///
/// - Parameter acceptEncoding: the value of the Accept-Encoding field; nil where there is none.
func acceptsGzip(_ acceptEncoding: String?) -> Bool {
    let items = WeightedItem.list(acceptEncoding ?? "")
    func quality(_ names: String...) -> Double? {
        items.filter { names.contains($0.name) }.map(\.quality).max()
    }
    let gzip = quality("gzip", "x-gzip") ?? quality("*") ?? 0
    return gzip > 0 && gzip >= quality("identity") ?? 0
}

extension Substring.UnicodeScalarView {
    fileprivate func trimmingSpaces() -> String {
        let isVisible = { (scalar: Unicode.Scalar) in scalar != " " && scalar != "\t" }
        guard let first = firstIndex(where: isVisible), let last = lastIndex(where: isVisible) else { return "" }
        return String(self[first...last])
    }
}

extension String {
    /// What stands in quotation marks, which mean nothing where a token could stand (RFC 9110, section 5.6.6).
    fileprivate func unquoted() -> String {
        utf8.count > 1 && hasPrefix("\"") && hasSuffix("\"") ? String(dropFirst().dropLast()) : self
    }
}
