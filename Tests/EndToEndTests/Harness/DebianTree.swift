import Foundation

/// A fresh Debian in a directory, in which packages are installed and removed.
struct DebianTree: Sendable {
    let directory: URL

    /// Unpacks what `Tests/Testbed/prepare-debian` made, and deletes it when the body ends.
    static func run<Result>(_ body: (DebianTree) async throws -> Result) async throws -> Result {
        let archive = TestbedFiles.prepared.appending(path: "debian.tar")
        guard FileManager.default.fileExists(atPath: archive.path) else {
            throw TestbedError("there is no \(archive.path): run \"make testbed\"")
        }
        let directory = TestbedFiles.prepared.appending(path: "debian-\(UInt32.random(in: 0 ... .max))")
        let asRoot = getuid() == 0 ? [] : ["/usr/bin/sudo", "--non-interactive", "--"]
        func remove() async throws {
            _ = try await ChildProcess.run(asRoot + ["/usr/bin/rm", "-rf", "--one-file-system", directory.path])
        }
        do {
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
            let unpack = ["/usr/bin/tar", "--extract", "--file", archive.path, "--directory", directory.path]
            _ = try await ChildProcess.run(asRoot + unpack)
            let result = try await body(DebianTree(directory: directory))
            try await remove()
            return result
        } catch {
            try? await remove()
            throw error
        }
    }

    /// The command line that runs a command in the tree, as root.
    func command(_ arguments: [String]) -> [String] {
        [TestbedFiles.scripts.appending(path: "debian-run").path, directory.path] + arguments
    }

    /// Runs a command in the tree to its end, and says what it printed; throws unless it ends with 0.
    @discardableResult
    func run(_ arguments: String...) async throws -> String {
        String(decoding: try await ChildProcess.run(command(arguments)), as: UTF8.self)
    }

    /// Runs apt-get, which asks nothing and keeps to the Debian that the tree has.
    @discardableResult
    func apt(_ arguments: String...) async throws -> String {
        let quiet = ["/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--yes", "--quiet=2"]
        let kept = ["-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-confold", "--no-install-recommends"]
        // What dpkg prints as it goes is more than a pipe holds: it goes to the end of the output.
        let shell = ["/bin/sh", "-c", #""$@" 2>&1"#, "sh"]
        return String(decoding: try await ChildProcess.run(command(shell + quiet + kept + arguments)), as: UTF8.self)
    }

    /// Copies a file to the tree's `/tmp`, and says its path there.
    func take(_ file: URL) throws -> String {
        let path = "/tmp/" + file.lastPathComponent
        try FileManager.default.copyItem(at: file, to: directory.appending(path: path))
        return path
    }

    /// Whether there is such a file or link.
    func has(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: directory.appending(path: path).path)) != nil
    }

    /// Each file of the tree with what it is, whose it is and what it holds; and each user and group. Not of it: what apt
    /// and dpkg keep of their own doings, and the backups that are made of the users' files.
    func listing() async throws -> Set<String> {
        let script = #"""
            find / -xdev \( -path /proc -o -path /run -o -path /tmp -o -path /var/log -o -path /var/cache \
                -o -path /var/lib/dpkg -o -path /var/lib/apt \) -prune -o -printf '%y %M %U:%G %p %l\n'
            find /etc -xdev -type f ! -name '*-' ! -name ld.so.cache -exec sha256sum {} +
            getent passwd
            getent group
            """#
        // The backups come and go with any user.
        let backups = ["passwd-", "group-", "shadow-", "gshadow-", "subuid-", "subgid-"].map { " /etc/\($0) " }
        let lines = try await run("/bin/sh", "-c", script).split(separator: "\n").map(String.init)
        return Set(lines.filter { line in !backups.contains { line.contains($0) } })
    }
}
