import ServiceLifecycle
import Systemd

/// Tells the service manager that the service is ready, how it is, that it is alive, and that it ends.
///
/// To be the last service of its group: the last one is the first to hear of the end.
struct ServiceReport: Service {
    /// How often the line for an operator is made anew; it is sent where it is another one.
    private static let statusInterval = Duration.seconds(2)
    /// A service that was found dead is asked again so soon: it may be late for a moment.
    private static let retryInterval = Duration.seconds(1)

    let manager: ServiceManager
    /// The line for an operator; it makes no call of libvirt's.
    let status: @Sendable () async -> String
    /// Whether the service itself turns, whatever libvirt and its guests do.
    let isAlive: @Sendable () async -> Bool

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await untilAlive()
            guard !Task.isCancelled else { return }
            let first = await status()
            manager.tell(.ready, .status(first))
            await withTaskGroup { group in
                group.addTask { await keepStatus(after: first) }
                if let interval = manager.watchdogInterval {
                    group.addTask { await keepWatchdog(interval) }
                }
            }
        }
        manager.tell(.stopping, .status("stopping"))
    }

    private func keepStatus(after first: String) async {
        var said = first
        while (try? await Task.sleep(for: Self.statusInterval)) != nil {
            let now = await status()
            if now != said { manager.tell(.status(now)) }
            said = now
        }
    }

    private func keepWatchdog(_ interval: Duration) async {
        repeat {
            await untilAlive()
            if !Task.isCancelled { manager.tell(.watchdog) }
        } while (try? await Task.sleep(for: interval)) != nil
    }

    private func untilAlive() async {
        while await !isAlive() {
            guard (try? await Task.sleep(for: Self.retryInterval)) != nil else { return }
        }
    }
}
