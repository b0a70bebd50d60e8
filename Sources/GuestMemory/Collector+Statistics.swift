import Libvirt
import Logging

/// The statistics of one collection.
struct CollectedStatistics: Sendable {
    var records: [DomainStatsRecord] = []
    /// Whether every domain was asked.
    var isComplete = true
    /// How long the slowest share took of those that were answered.
    var slowestShare = Duration.zero

    mutating func add(_ further: CollectedStatistics) {
        records += further.records
        slowestShare = max(slowestShare, further.slowestShare)
        isComplete = isComplete && further.isComplete
    }
}

/// A guest whose QEMU does not answer holds up the call of its share, and nothing can end that call. So it is left
/// behind after a while, and the share is asked for again on another connection: the call that was left behind holds
/// that guest's monitor, and the new one passes over monitors that are held.
extension Collector {
    private struct Answer: Sendable {
        let share: [DomainUUID]
        let connection: Connection
        let duration: Duration
        let records: Result<[DomainStatsRecord], any Error>
    }

    /// Collects the statistics of these domains, in shares.
    ///
    /// - Parameters:
    ///   - patience: how long one share may take before its call is left behind.
    ///   - libvirtAnswers: whether other calls are answered; only then is a late share asked for again.
    func collectStatistics(
        of domains: [DomainUUID],
        _ driver: HypervisorDriver,
        _ patience: Duration,
        _ libvirtAnswers: () async -> Bool
    ) async -> CollectedStatistics {
        var collected = CollectedStatistics()
        guard !domains.isEmpty, driver.collection != .none else { return collected }
        var waiting = Shares.cut(domains, for: max(1, connections.open(for: domains.count).count))[...]
        var busy: [ObjectIdentifier] = []
        var isReopening = false
        await withTaskGroup(of: Answer.self) { group in
            repeat {
                let open = connections.open(for: domains.count)
                for free in open.map(\.connection) where !busy.contains(ObjectIdentifier(free)) {
                    guard .now < attemptsEnd, calls.leftBehind + busy.count < calls.leftBehindBound,
                        let share = waiting.popFirst()
                    else { break }
                    busy.append(ObjectIdentifier(free))
                    let end = min(.now + patience, attemptsEnd)
                    group.addTask { await self.ask(share, driver, on: free, until: end) }
                }
                guard let answer = await group.next() else {
                    // All are lost, or left behind. In place of the latter others are opened at once.
                    guard isReopening, calls.leftBehind < calls.leftBehindBound else { return }
                    try? await Task.sleep(for: .milliseconds(10))
                    continue
                }
                busy.removeAll { $0 == ObjectIdentifier(answer.connection) }
                switch answer.records {
                case .success(let records):
                    collected.records += records
                    collected.slowestShare = max(collected.slowestShare, answer.duration)
                case .failure(is DeadlineExceeded):
                    logger.warning(
                        "a domain's monitor or libvirtd does not answer; its call is left behind",
                        metadata: ["left_behind": "\(calls.leftBehind)", "bound": "\(calls.leftBehindBound)"]
                    )
                    leaveBehind(answer.connection)
                    isReopening = await libvirtAnswers()
                    if isReopening { waiting.append(answer.share) } else { collected.isComplete = false }
                case .failure(let error):
                    note(error, on: answer.connection)
                    if (error as? LibvirtError)?.isConnectionLost == true {
                        waiting.append(answer.share)
                    } else {
                        collected.isComplete = false
                    }
                }
            } while !(waiting.isEmpty && busy.isEmpty) && (.now < attemptsEnd || !busy.isEmpty)
        }
        collected.isComplete = collected.isComplete && waiting.isEmpty
        return collected
    }

    private nonisolated func ask(
        _ share: [DomainUUID],
        _ driver: HypervisorDriver,
        on connection: Connection,
        until end: ContinuousClock.Instant
    ) async -> Answer {
        let start = ContinuousClock.now
        let records: Result<[DomainStatsRecord], any Error>
        do {
            records = .success(
                try await calls.run(until: end) { try await driver.statistics(of: share, by: connection) }
            )
        } catch {
            records = .failure(error)
        }
        return Answer(share: share, connection: connection, duration: start.duration(to: .now), records: records)
    }
}
