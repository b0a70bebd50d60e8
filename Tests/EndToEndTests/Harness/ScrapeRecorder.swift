import Synchronization

/// Scrapes an exporter again and again, as Prometheus does with a timeout of ten seconds, and keeps what came of it.
final class ScrapeRecorder: Sendable {
    /// What came of one scrape.
    struct Record: Sendable {
        let duration: Duration
        let exposition: Exposition
    }

    /// What Prometheus waits for a scrape unless it is told otherwise.
    static let timeout = Duration.seconds(10)

    private let storage = Mutex<(records: [Record], failures: [any Error])>(([], []))

    /// Scrapes every half a second while the body runs, and once more after it.
    ///
    /// - Throws: the first failed scrape, where one failed; what the body throws.
    func recording(_ exporter: ExporterProcess, _ body: () async throws -> Void) async throws -> [Record] {
        let scraping = Task {
            while !Task.isCancelled {
                await scrape(exporter)
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
        defer { scraping.cancel() }
        try await body()
        scraping.cancel()
        await scraping.value
        await scrape(exporter)
        if let failure = storage.withLock({ $0.failures.first }) { throw failure }
        return storage.withLock { $0.records }
    }

    private func scrape(_ exporter: ExporterProcess) async {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            let response = try await exporter.get(
                "/metrics",
                fields: ["X-Prometheus-Scrape-Timeout-Seconds": "\(Self.timeout.components.seconds)"]
            )
            try require(response.status == 200, "a scrape is answered \(response.status)")
            let record = Record(duration: clock.now - start, exposition: try Exposition(response.text))
            storage.withLock { $0.records.append(record) }
        } catch {
            storage.withLock { $0.failures.append(error) }
        }
    }
}
