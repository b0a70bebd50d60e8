import HTTPTypes

/// A request's path and query (RFC 9112, section 3.2.1).
package struct HTTPTarget: Sendable, Equatable {
    /// The path as it was sent, percent-escapes included. It begins with `/`.
    package let path: String
    /// What follows the first `?`, as it was sent, or nil if there is none.
    package let query: String?

    /// Splits the path of an `HTTPRequest`.
    package init(_ pathAndQuery: String) {
        // By bytes: to Swift a question mark and an accent behind it are one Character, which is none.
        let parts = pathAndQuery.utf8.split(
            separator: UInt8(ascii: "?"),
            maxSplits: 1,
            omittingEmptySubsequences: false
        ).map { String(Substring($0)) }
        path = parts[0]
        query = parts.count == 2 ? parts[1] : nil
    }

    /// The query's items in their order, decoded as `application/x-www-form-urlencoded` (`+` is a space). An item
    /// without `=` has an empty value, an empty item is left out.
    package var queryItems: [(name: String, value: String)] {
        guard let query else { return [] }
        return query.utf8.split(separator: UInt8(ascii: "&")).map { item in
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(parts[0]), parts.count == 2 ? Self.decoded(parts[1]) : "")
        }
    }

    /// The decoded values of the query's items of this name, in their order.
    package func queryValues(named name: String) -> [String] {
        queryItems.filter { $0.name == name }.map(\.value)
    }

    private static func decoded(_ item: Substring.UTF8View) -> String {
        let spaced = item.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
        // The server lets no invalid escape through; in a string from elsewhere it stands for itself.
        return String(decoding: percentDecoded(spaced[...]) ?? spaced, as: UTF8.self)
    }

    /// The bytes with their percent-escapes resolved, or nil if an escape is not `%` and two hexadecimal digits
    /// (RFC 3986, section 2.1).
    static func percentDecoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex,
                    let high = Character(UnicodeScalar(bytes[index + 1])).hexDigitValue,
                    let low = Character(UnicodeScalar(bytes[index + 2])).hexDigitValue
                else { return nil }
                decoded.append(UInt8(high * 16 + low))
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return decoded
    }
}

extension HTTPRequest {
    /// The request's path and query, apart.
    package var target: HTTPTarget { HTTPTarget(path ?? "/") }
}
