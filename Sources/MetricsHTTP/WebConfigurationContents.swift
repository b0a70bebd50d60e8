import Glibc

/// What stands in a web configuration's file and in the files that it names.
struct WebConfigurationContents: Equatable, Sendable {
    /// What was found at a path.
    private enum Found: Equatable {
        case bytes([UInt8], isExposed: Bool)
        case failure(String)
    }

    private let path: String
    private let file: Found
    /// What the file says.
    private let parsed: Result<WebConfiguration, WebConfigurationError>
    /// What was found at the paths of certificates and keys.
    private let named: [String: Found]

    /// The largest file that is read; the YAML itself may be smaller.
    private static let maximumBytes = 1024 * 1024

    /// Reads all of them. It may block.
    init(path: String) {
        self.path = path
        file = Self.read(path)
        parsed = Self.parsed(file, path)
        let tls = try? parsed.get().tls
        named = Dictionary((tls?.filePaths ?? []).map { ($0, Self.read($0)) }) { first, _ in first }
    }

    /// What all of it means.
    ///
    /// - Throws: `WebConfigurationError` if a file cannot be read or the configuration is wrong.
    func configuration() throws(WebConfigurationError) -> WebConfiguration {
        let configuration = try parsed.get()
        for (name, found) in named.sorted(by: { $0.key < $1.key }) {
            if case .failure(let reason) = found {
                throw WebConfigurationError(file: path, key: "tls_server_config", reason: "\(name) \(reason)")
            }
        }
        return configuration
    }

    /// What stands in the files of certificates and keys, by their paths.
    var files: [String: [UInt8]] {
        named.compactMapValues { found in
            if case .bytes(let bytes, _) = found { bytes } else { nil }
        }
    }

    /// Whether a context made of the other contents would be just the same.
    func hasSameTLS(as other: WebConfigurationContents) -> Bool {
        guard let configuration = try? parsed.get(), let otherConfiguration = try? other.parsed.get() else {
            return false
        }
        return configuration.tls == otherConfiguration.tls && named == other.named
    }

    /// Whether the file says nothing, as one does that is being written or that no disk had room for: no comment, no
    /// `---` and no `null` is a word about who may come in.
    var isBlank: Bool {
        guard case .bytes(let bytes, _) = file else { return false }
        do {
            return try YAMLNode.root(of: bytes).map { YAMLValue(node: $0).isNull } ?? true
        } catch {
            return false
        }
    }

    /// The paths of those with hashes or keys in them that every user of the host may read.
    var exposedSecrets: [String] {
        guard let configuration = try? parsed.get() else { return [] }
        var exposed: [String] = []
        if case .bytes(_, isExposed: true) = file, configuration.holdsSecrets { exposed.append(path) }
        if case .file(let key)? = configuration.tls?.key, case .bytes(_, isExposed: true)? = named[key] {
            exposed.append(key)
        }
        return exposed
    }

    private static func parsed(_ file: Found, _ path: String) -> Result<WebConfiguration, WebConfigurationError> {
        switch file {
        case .failure(let reason):
            return .failure(WebConfigurationError(file: path, reason: reason))
        case .bytes(let bytes, _):
            let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            do {
                return .success(try WebConfiguration(yaml: bytes, directory: directory))
            } catch {
                var error = error
                error.file = path
                return .failure(error)
            }
        }
    }

    private static func read(_ path: String) -> Found {
        // Opening a FIFO that nobody writes to would wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return .failure("cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return .failure("is no regular file")
        }
        var bytes: [UInt8] = []
        while bytes.count <= maximumBytes {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: 16 * 1024))
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress! + start, $0.count - start)
            }
            guard count >= 0 else { return .failure("cannot be read: \(String(cString: strerror(errno)))") }
            bytes.removeLast(bytes.count - start - count)
            if count == 0 { return .bytes(bytes, isExposed: status.st_mode & S_IROTH != 0) }
        }
        return .failure("is larger than \(maximumBytes / 1024) KiB")
    }
}

extension TLSServerConfiguration {
    /// The paths of the files that it names.
    fileprivate var filePaths: [String] {
        [certificate, key, clientAuthorities].compactMap { pem in
            if case .file(let path)? = pem { path } else { nil }
        }
    }
}

extension WebConfiguration {
    fileprivate var holdsSecrets: Bool {
        if case .inline? = tls?.key { return true }
        return !users.isEmpty
    }
}
