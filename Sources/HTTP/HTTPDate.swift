import Glibc

/// The value of a `Date` field, as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
enum HTTPDate {
    static func now() -> String {
        string(unixSeconds: time(nil))
    }

    static func string(unixSeconds: Int) -> String {
        var (seconds, date) = (unixSeconds, tm())
        gmtime_r(&seconds, &date)
        return date.formatted("%a, %d %b %Y %H:%M:%S GMT")
    }
}

extension tm {
    /// The date in a format of strftime(3), of 63 bytes at most. Names are English: the process sets no locale.
    func formatted(_ format: String) -> String {
        var (date, text) = (self, [CChar](repeating: 0, count: 64))
        let count = strftime(&text, text.count, format, &date)
        return String(decoding: text.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
