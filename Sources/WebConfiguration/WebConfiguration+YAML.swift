import HTTP
import HTTPTypes

extension WebConfiguration {
    /// Reads the file's content. Other files that it names are not read.
    ///
    /// - Parameters:
    ///   - yaml: The file's bytes.
    ///   - directory: The folder that relative paths start from: the file's own.
    /// - Throws: `WebConfigurationError` for the first error.
    package init(yaml: [UInt8], directory: String) throws(WebConfigurationError) {
        try self.init(YAMLValue.root(of: yaml), directory: directory)
    }

    /// Reads the file's document, nil for an empty file.
    init(_ root: YAMLValue?, directory: String) throws(WebConfigurationError) {
        self.init()
        guard let root else { return }
        let values = try root.values(of: [
            "tls_server_config", "http_server_config", "basic_auth_users", "rate_limit",
        ])
        if let value = values["tls_server_config"] {
            tls = try TLSServerConfiguration(value, directory: directory)
        }
        if let value = values["http_server_config"] {
            (asksForHTTP2, headers) = try Self.serverConfiguration(value)
        }
        if let value = values["basic_auth_users"] {
            setUsers(try Self.users(value))
        }
        if let value = values["rate_limit"] {
            rateLimit = try RateLimit(value)
        }
    }

    private static func serverConfiguration(_ value: YAMLValue) throws(WebConfigurationError) -> (Bool, HTTPFields) {
        let values = try value.values(of: ["http2", "headers"])
        var headers: HTTPFields = [:]
        if let value = values["headers"] {
            let values = try value.values(of: allowedHeaders.map(\.name))
            for (name, allowed) in allowedHeaders {
                guard let value = values[name] else { continue }
                let text = try value.text("a text") ?? ""
                guard allowed.isEmpty || allowed.contains(text) else {
                    throw value.error("not \(allowed.joined(separator: " or "))")
                }
                guard let name = HTTPField.Name(name), HTTPField.isValidValue(text) else {
                    throw value.error("not a value of an HTTP field: it holds a line feed or another control character")
                }
                // A blank one is not set.
                headers[name] = text.isEmpty ? nil : text
            }
        }
        return (try values["http2"]?.boolean() ?? false, headers)
    }

    /// The fields that may be set, with the only values of some: exporter-toolkit's list.
    private static let allowedHeaders: [(name: String, values: [String])] = [
        ("Content-Security-Policy", []),
        ("Strict-Transport-Security", []),
        ("X-Content-Type-Options", ["nosniff"]),
        ("X-Frame-Options", ["deny", "sameorigin"]),
        ("X-XSS-Protection", []),
    ]

    private static func users(_ value: YAMLValue) throws(WebConfigurationError) -> [[UInt8]: BcryptHash] {
        var users: [[UInt8]: BcryptHash] = [:]
        for (name, key, value) in try value.entries("a mapping of user names to bcrypt hashes") {
            // What a client may send as a name (RFC 7617, section 2).
            guard !name.unicodeScalars.contains(where: { $0 == ":" || $0.value < 0x20 || $0.value == 0x7F }) else {
                throw key.error("not a name that a client can send: it holds a colon or a control character")
            }
            users[Array(name.utf8)] = try BcryptHash(value)
        }
        guard !users.isEmpty else {
            throw value.error("it holds no user, which would let every client in; to mean that, leave the key out")
        }
        return users
    }
}

extension BcryptHash {
    fileprivate init(_ value: YAMLValue) throws(WebConfigurationError) {
        let text = try value.text("a bcrypt hash") ?? ""
        do {
            try self.init(text)
        } catch {
            throw value.error(error.description)
        }
    }
}

extension RateLimit {
    fileprivate init?(_ value: YAMLValue) throws(WebConfigurationError) {
        let values = try value.values(of: ["interval", "burst"])
        let interval = try values["interval"]?.duration() ?? .zero
        let burst = try values["burst"]?.number(in: 0...1_000_000) ?? 0
        // Zero turns it off, as in exporter-toolkit.
        guard interval > .zero else { return nil }
        guard burst > 0 else {
            throw (values["burst"] ?? value).error("burst has to be 1 or more; otherwise no request would be answered")
        }
        self.init(interval: interval, burst: burst)
    }
}

extension YAMLValue {
    fileprivate func number(in range: ClosedRange<Int>) throws(WebConfigurationError) -> Int? {
        let expectation = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let text = try text(expectation) else { return nil }
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text), range.contains(number)
        else { throw error("not \(expectation)") }
        return number
    }

    fileprivate func duration() throws(WebConfigurationError) -> Duration? {
        guard let text = try text("a duration") else { return nil }
        guard let duration = Duration(goNotation: text), duration <= .seconds(86_400) else {
            throw error("not a duration of a day or less with its unit, as 1s, 500ms or 1m30s; 0 for no limit")
        }
        return duration
    }
}

extension Duration {
    /// A duration as Go writes it (pkg.go.dev/time, ParseDuration): `1s`, `1.5h`, `1m30s`, `500ms`, or 0 without a unit.
    ///
    /// - Returns: nil for anything else, and for negative ones and those of more than about three centuries.
    init?(goNotation text: String) {
        if text == "0" {
            self = .zero
            return
        }
        var rest = Substring(text).utf8
        var total: Double = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { !(0x30...0x39).contains($0) && $0 != UInt8(ascii: ".") }
            rest = rest.dropFirst(unit.count)
            guard let number = Double(String(Substring(digits))), let nanoseconds = Self.units[String(Substring(unit))]
            else { return nil }
            total += number * nanoseconds
        }
        guard total <= Double(Int64.max / 2) else { return nil }
        self = .nanoseconds(Int64(total))
    }

    private static let units: [String: Double] = [
        "ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9,
    ]
}
