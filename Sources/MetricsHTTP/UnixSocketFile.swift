import Glibc

/// What lies at a path where a Unix socket is, or is to be.
enum UnixSocketFile {
    /// The longest path that fits into `sockaddr_un` with its closing NUL, in bytes.
    static let maximumPathBytes = 107

    /// Which file it is, whatever its name is by now.
    struct Identity: Equatable {
        var device: dev_t
        var inode: ino_t
    }

    /// The socket at the path, or nil if there is none or something else.
    static func identity(ofSocketAt path: String) -> Identity? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        return Identity(device: status.st_dev, inode: status.st_ino)
    }
}
