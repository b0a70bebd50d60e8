import Foundation

/// A headless Chromium, which loads one page at a time; the package is installed by `make test`.
struct Browser: Sendable {
    /// Where it keeps its profile.
    let directory: URL

    /// The document that it made of what is at this address, after its scripts.
    func document(at address: String, flags: [String] = []) async throws -> String {
        String(decoding: try await run(flags + ["--dump-dom", address]), as: UTF8.self)
    }

    /// Writes a picture of what it shows of this address, in place of what is in the file.
    func takePicture(
        of address: String,
        width: Int,
        height: Int,
        to file: URL,
        flags: [String] = []
    ) async throws {
        try Data().write(to: file)
        _ = try await run(
            flags + ["--hide-scrollbars", "--window-size=\(width),\(height)", "--screenshot=\(file.path)", address]
        )
    }

    private func run(_ arguments: [String]) async throws -> Data {
        let profile = directory.appending(path: "browser-\(UUID().uuidString)")
        return try await ChildProcess.run(
            // Root has no sandbox, and neither a container's /dev/shm nor a GPU can be relied on.
            ["/usr/bin/timeout", "60", "chromium", "--headless", "--no-sandbox", "--disable-gpu"]
                + ["--disable-dev-shm-usage", "--no-first-run", "--user-data-dir=\(profile.path)"] + arguments
        )
    }
}
