import FlyingSocks
import Glibc
import Synchronization

/// A socket that accepts connections, and closes when it is closed or goes.
final class Listener: Sendable {
    let socket: Socket
    /// The address it was made for, with the port it got; that of a socket that was passed.
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
                    return try open(.ipv6(.inet6(port: port)), for: address)
                } catch SocketError.failed(_, EAFNOSUPPORT, _), SocketError.failed(_, EADDRNOTAVAIL, _) {
                    // The host has no IPv6.
                    return try open(.ipv4(.inet(port: port)), for: address)
                }
            case .host(let host, let port):
                return try open(InternetAddress(host: host, port: port), for: address)
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

    private static func open(_ internetAddress: InternetAddress, for address: ListenAddress) throws -> Listener {
        switch internetAddress {
        case .ipv4(let ipv4):
            try open(domain: AF_INET, for: address) { socket in
                try socket.setValue(true, for: .localAddressReuse)
                try socket.bind(to: ipv4)
            }
        case .ipv6(let ipv6):
            try open(domain: AF_INET6, for: address) { socket in
                try socket.setValue(true, for: .localAddressReuse)
                // The wildcard takes IPv4 connections too, whatever the host's default is.
                try socket.setValue(false, for: BoolSocketOption(level: Int32(IPPROTO_IPV6), name: IPV6_V6ONLY))
                try socket.bind(to: ipv6)
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
            // Nobody can connect before the socket listens, so nobody gets in before the mode is right.
            guard chmod(path, mode) == 0 else { throw SocketError.makeFailed("chmod") }
        }
    }

    /// Takes over a socket that was passed, which no socket's file belongs to here: it stays where it is at the end.
    private static func adopt(_ descriptor: Int32, for address: ListenAddress) throws -> Listener {
        let socket = Socket(file: .init(rawValue: descriptor))
        func option(_ name: Int32) -> Int32? {
            var value: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
        }
        guard let type = option(SO_TYPE) else { throw ListenError(address: address, reason: "It is no socket") }
        guard type == Int32(SOCK_STREAM.rawValue), option(SO_ACCEPTCONN) == 1 else {
            throw ListenError(address: address, reason: "It is no stream socket that listens")
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

    /// Whether the file is a socket that nobody accepts on: a server that was killed leaves one behind.
    private static func isAbandonedSocket(path: String) throws -> Bool {
        guard UnixSocketFile.identity(ofSocketAt: path) != nil else {
            throw ListenError(address: .unixSocket(path: path), reason: "The file exists and is no socket")
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
        bind: (Socket) throws -> Void
    ) throws -> Listener {
        let socket = try Socket(domain: domain, type: .stream)
        do {
            try bind(socket)
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
public struct ListenError: Error, Equatable, CustomStringConvertible {
    /// The address it was to listen on.
    public let address: ListenAddress
    /// What the system says to it.
    public let reason: String

    /// Both, as `cannot listen on 127.0.0.1:9177: Address already in use`.
    public var description: String {
        "cannot listen on \(address): \(reason)"
    }
}
