import HTTPTypes
import Logging
import Synchronization

/// Records what a server logs, and the statuses of its answers.
package final class ServerRecord: Sendable {
    private let statusCodes = Mutex<[Int]>([])
    private let logMessages = Mutex<[String]>([])

    package init() {}

    package var statuses: [Int] { statusCodes.withLock { $0 } }
    package var messages: [String] { logMessages.withLock { $0 } }

    package var logger: Logger {
        Logger(label: "test") { _ in Handler(record: self) }
    }

    package func add(_ status: HTTPResponse.Status) {
        statusCodes.withLock { $0.append(status.code) }
    }

    private struct Handler: LogHandler {
        let record: ServerRecord
        var metadata: Logger.Metadata = [:]
        /// The default of the command.
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            record.logMessages.withLock { $0.append("\(event.message)") }
        }
    }
}
