/// Where a server listens.
package enum ListenAddress: Hashable, Sendable {
    /// Every address of the host, IPv6 and IPv4 (only IPv4 where the host has no IPv6).
    case anyAddress(port: UInt16)
    /// One address, by number or by a name that is looked up when the server is made.
    case host(String, port: UInt16)
    /// A socket in the file system.
    case unixSocket(path: String)
    /// A listening socket that was passed to this process, as by systemd. It is closed at the end, but its file is not
    /// removed.
    case passed(descriptor: Int32)

    /// Reads `:9177`, `127.0.0.1:9177`, `[::1]:9177`, `localhost:9177` or `unix:/run/exporter.sock`. Port 0 is one that
    /// the kernel chooses.
    ///
    /// - Throws: `ListenAddressError` for anything else.
    package init(parsing string: String) throws(ListenAddressError) {
        let error = ListenAddressError(string: string)
        if string.hasPrefix("unix:") {
            let path = String(string.dropFirst("unix:".count))
            guard !path.isEmpty, !path.utf8.contains(0) else { throw error }
            self = .unixSocket(path: path)
            return
        }
        guard let colon = string.lastIndex(of: ":") else { throw error }
        let digits = string[string.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else { throw error }
        var host = string[..<colon]
        if host.isEmpty {
            self = .anyAddress(port: port)
            return
        }
        if host.first == "[" && host.last == "]" {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { throw error }
        } else if host.contains(":") {
            throw error
        }
        guard host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != 0x5B && $0 != 0x5D }) else { throw error }
        self = .host(String(host), port: port)
    }

    /// The same address with the port that was chosen in place of port 0.
    func withPort(_ port: UInt16) -> ListenAddress {
        switch self {
        case .anyAddress: .anyAddress(port: port)
        case .host(let host, _): .host(host, port: port)
        case .unixSocket, .passed: self
        }
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The address in the form that `init(parsing:)` reads, where there is one.
    package var description: String {
        switch self {
        case .anyAddress(let port): ":\(port)"
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): "unix:\(path)"
        case .passed(let descriptor): "passed descriptor \(descriptor)"
        }
    }
}

/// A string that is not an address to listen on.
package struct ListenAddressError: Error, Equatable, CustomStringConvertible {
    /// The string as it was given.
    package let string: String

    /// The string, and what would be right.
    package var description: String {
        "\"\(string)\" is not an address to listen on: give \":9177\", \"127.0.0.1:9177\", \"[::1]:9177\", "
            + "\"localhost:9177\" or \"unix:/path/to/socket\""
    }
}
