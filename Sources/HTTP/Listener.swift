import FlyingSocks
import Glibc
import Synchronization

/// A listening socket, closed by `close()` or when it is released.
final class Listener: Sendable {
    let socket: Socket
    /// The address it was made for, with the port that the kernel chose; a passed socket's own address.
    let address: ListenAddress
    private let socketFile: UnixSocketFile.Identity?
    private let isOpen = Mutex(true)

    private init(socket: Socket, address: ListenAddress, socketFile: UnixSocketFile.Identity?) {
        self.socket = socket
        self.address = address
        self.socketFile = socketFile
    }

    deinit {
        close()
    }

    /// Binds and listens. A host name is looked up first, which blocks.
    static func open(_ address: ListenAddress, unixSocketMode: UInt32) throws(ListenError) -> Listener {
        do {
            switch address {
            case .anyAddress(let port):
                do {
                    return try openInternetSocket("::", port: port, for: address)
                } catch SocketError.failed(_, EAFNOSUPPORT, _), SocketError.failed(_, EADDRNOTAVAIL, _) {
                    // The host has no IPv6.
                    return try openInternetSocket("0.0.0.0", port: port, for: address)
                }
            case .host(let host, let port):
                return try openInternetSocket(host, port: port, for: address)
            case .unixSocket(let path):
                return try openUnixSocket(path: path, mode: unixSocketMode)
            case .passed(let descriptor):
                return try adopt(descriptor, for: address)
            }
        } catch let error as ListenError {
            throw error
        } catch SocketError.failed(_, _, let message) {
            throw ListenError(address: address, reason: message)
        } catch {
            throw ListenError(address: address, reason: "\(error)")
        }
    }

    /// Stops listening, and removes the socket's file if it is still the one that was made. A second call does nothing.
    func close() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        guard wasOpen else { return }
        if case .unixSocket(let path) = address, let socketFile,
            UnixSocketFile.identity(ofSocketAt: path) == socketFile
        {
            unlink(path)
        }
        // Linux releases the descriptor even if close reports an error.
        try? socket.close()
    }

    /// Looks up a name or a numeric address by getaddrinfo(3). An IPv4 address is preferred, as in Go's exporters:
    /// `localhost` is 127.0.0.1.
    private static func openInternetSocket(
        _ host: String,
        port: UInt16,
        for address: ListenAddress
    ) throws -> Listener {
        var hints = addrinfo()
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        let found = sequence(first: list, next: { $0?.pointee.ai_next }).compactMap { $0?.pointee }
        guard let entry = found.first(where: { $0.ai_family == AF_INET }) ?? found.first else {
            let reason = status == EAI_SYSTEM ? strerror(errno) : UnsafeMutablePointer(mutating: gai_strerror(status))
            throw ListenError(address: address, reason: reason.map { String(cString: $0) } ?? "no address")
        }
        return try open(domain: entry.ai_family, for: address) { socket in
            try socket.setValue(true, for: .localAddressReuse)
            if entry.ai_family == AF_INET6 {
                // The wildcard address accepts IPv4 connections too, whatever the host's default is.
                try socket.setValue(false, for: BoolSocketOption(level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY))
            }
            guard bind(socket.file.rawValue, entry.ai_addr, entry.ai_addrlen) == 0 else {
                throw SocketError.makeFailed("bind")
            }
        }
    }

    private static func openUnixSocket(path: String, mode: UInt32) throws -> Listener {
        let address = ListenAddress.unixSocket(path: path)
        guard path.utf8.count <= UnixSocketFile.maximumPathBytes else {
            throw ListenError(
                address: address,
                reason: "The path is longer than \(UnixSocketFile.maximumPathBytes) bytes"
            )
        }
        return try open(domain: AF_UNIX, for: address) { socket in
            do {
                try socket.bind(to: .unix(path: path))
            } catch {
                guard case SocketError.failed(_, EADDRINUSE, _) = error, try isAbandonedSocket(path: path) else {
                    throw error
                }
                unlink(path)
                try socket.bind(to: .unix(path: path))
            }
            // Nothing can connect before the socket listens, so the mode is right from the first connection on.
            guard chmod(path, mode) == 0 else { throw SocketError.makeFailed("chmod") }
        }
    }

    /// Takes over a passed socket. Its file, if any, is not removed at the end.
    private static func adopt(_ descriptor: Int32, for address: ListenAddress) throws -> Listener {
        let socket = Socket(file: .init(rawValue: descriptor))
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
        }
        guard let type = option(SO_TYPE) else { throw ListenError(address: address, reason: "It is not a socket") }
        guard type == Int32(SOCK_STREAM.rawValue), option(SO_ACCEPTCONN) == 1 else {
            throw ListenError(address: address, reason: "It is not a listening stream socket")
        }
        let bound: ListenAddress =
            switch try socket.sockname() {
            case .ip4(let host, let port): .host(host, port: port)
            case .ip6(let host, let port): host == "::" ? .anyAddress(port: port) : .host(host, port: port)
            case .unix(let path): .unixSocket(path: path)
            }
        try socket.setFlags(.nonBlocking)
        return Listener(socket: socket, address: bound, socketFile: nil)
    }

    /// Whether the file is a socket that nothing listens on, as of a server that was killed.
    private static func isAbandonedSocket(path: String) throws -> Bool {
        guard UnixSocketFile.identity(ofSocketAt: path) != nil else {
            throw ListenError(address: .unixSocket(path: path), reason: "The file exists and is not a socket")
        }
        let probe = try Socket(domain: AF_UNIX, type: .stream)
        // Linux releases the descriptor even if close reports an error.
        defer { try? probe.close() }
        try probe.setFlags(.nonBlocking)
        do {
            try probe.connect(to: .unix(path: path))
            return false
        } catch SocketError.failed(_, ECONNREFUSED, _) {
            return true
        } catch {
            return false
        }
    }

    private static func open(
        domain: Int32,
        for address: ListenAddress,
        prepare: (Socket) throws -> Void
    ) throws -> Listener {
        let socket = try Socket(domain: domain, type: .stream)
        do {
            try prepare(socket)
            try socket.setFlags(.nonBlocking)
            // Not FlyingSocks' listen, which closes the socket when it fails.
            guard listen(socket.file.rawValue, SOMAXCONN) == 0 else { throw SocketError.makeFailed("listen") }
            switch try socket.sockname() {
            case .ip4(_, let port), .ip6(_, let port):
                return Listener(socket: socket, address: address.withPort(port), socketFile: nil)
            case .unix(let path):
                return Listener(socket: socket, address: address, socketFile: UnixSocketFile.identity(ofSocketAt: path))
            }
        } catch {
            // Linux releases the descriptor even if close reports an error.
            try? socket.close()
            throw error
        }
    }
}

/// Why the server cannot listen.
package struct ListenError: Error, Equatable, CustomStringConvertible {
    /// The address it was to listen on.
    package let address: ListenAddress
    /// The system's error message.
    package let reason: String

    /// Both, as `cannot listen on 127.0.0.1:9177: Address already in use`.
    package var description: String {
        "cannot listen on \(address): \(reason)"
    }
}

/// The file of a Unix socket.
enum UnixSocketFile {
    /// The longest path that fits into `sockaddr_un` with its closing NUL, in bytes.
    static let maximumPathBytes = 107

    /// Identifies a file whatever its name is now.
    struct Identity: Equatable {
        var device: dev_t
        var inode: ino_t
    }

    /// The socket at the path; nil if there is none, or another kind of file.
    static func identity(ofSocketAt path: String) -> Identity? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return Identity(device: status.st_dev, inode: status.st_ino)
    }
}
