import Glibc

/// What stat(2) reports of a file, links followed: two equal states of a path mean an unchanged file.
struct FileState: Equatable, Sendable {
    private var device: dev_t
    private var inode: ino_t
    private var size: off_t
    private var mode: mode_t
    private var modified: Duration
    /// The time of the last change of content or attributes, since 1970.
    private(set) var changed: Duration

    /// The largest file that is read, in bytes.
    private static let maximumBytes = 1024 * 1024
    /// A file changed less than this ago may still be half written.
    private static let settlingTime: Duration = .seconds(1)

    /// The state of the file at the path, all zeros if there is none.
    init(of path: String) {
        var status = stat()
        if stat(path, &status) != 0 { status = stat() }
        self.init(status)
    }

    private init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
        size = status.st_size
        mode = status.st_mode
        modified = Duration(status.st_mtim)
        changed = Duration(status.st_ctim)
    }

    /// Why the file must not be read; nil for one that may be tried, and for none.
    var problem: String? {
        if mode != 0 && mode & S_IFMT != S_IFREG { return "is not a regular file" }
        return size > Self.maximumBytes ? "is larger than \(Self.maximumBytes / 1024) KiB" : nil
    }

    /// Whether every user of the host may read it.
    var isExposed: Bool { mode & S_IROTH != 0 }

    /// Whether its last change is old enough for it to be complete. A change in the future, as of a clock that was set
    /// back, counts as old.
    ///
    /// - Parameter now: The time since 1970.
    func isSettled(at now: Duration) -> Bool {
        !(.zero..<Self.settlingTime).contains(now - changed)
    }

    /// Reads the whole file.
    ///
    /// - Throws: `FileError` with the reason, as `cannot be opened: Permission denied`.
    static func contents(of path: String) throws(FileError) -> [UInt8] {
        // Without O_NONBLOCK, opening a FIFO would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(reason: "cannot be opened: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(reason: "cannot be read") }
        if let problem = FileState(status).problem { throw FileError(reason: problem) }
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(status.st_size)) { buffer, initializedCount in
            count = read(descriptor, buffer.baseAddress, buffer.count)
            initializedCount = max(0, count)
        }
        guard count >= 0 else { throw FileError(reason: "cannot be read: \(String(cString: strerror(errno)))") }
        return bytes
    }
}

/// Why a file cannot be read.
struct FileError: Error {
    let reason: String
}

extension Duration {
    fileprivate init(_ time: timespec) {
        self = .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The time since 1970, by the system's clock.
    static func sinceEpoch() -> Duration {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Duration(now)
    }
}
