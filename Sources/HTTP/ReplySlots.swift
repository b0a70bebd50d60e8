import Synchronization

/// A bound on the replies that are being prepared or sent at a time, because each takes up memory until its client has
/// it.
///
/// At the bound, the reply whose client has read nothing for the longest gives its slot to the next one, and its
/// connection is closed.
package final class ReplySlots: Sendable {
    /// The right to prepare and send one reply. It ends when the reply is sent or given up.
    package final class Slot: Sendable {
        private let slots: ReplySlots
        private let id: Int

        fileprivate init(_ slots: ReplySlots, id: Int) {
            self.slots = slots
            self.id = id
        }

        deinit {
            release()
        }

        /// The reply is being sent on this connection.
        func attach(to connection: OpenConnection) {
            slots.state.withLock { state in
                if state.taken[id] != nil { state.taken[id] = .sending(connection) }
            }
        }

        /// The reply is sent. A second call does nothing.
        func release() {
            slots.state.withLock { _ = $0.taken.removeValue(forKey: id) }
        }
    }

    private enum Use {
        case preparing
        case sending(OpenConnection)
    }

    private struct State {
        var taken: [Int: Use] = [:]
        var nextID = 0
    }

    /// The most slots that are taken at a time.
    package let bound: Int
    private let stallTimeout: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - bound: The most slots that are taken at a time.
    ///   - stallTimeout: How long a client must have read nothing before it may lose its slot.
    package init(bound: Int, stallTimeout: Duration = .seconds(2)) {
        self.bound = bound
        self.stallTimeout = stallTimeout
    }

    /// A slot, or nil if all are taken by replies that get on.
    package func take() -> Slot? {
        state.withLock { state in
            if state.taken.count >= bound {
                guard let id = dropStalled(state.taken) else { return nil }
                state.taken[id] = nil
            }
            state.nextID += 1
            state.taken[state.nextID] = .preparing
            return Slot(self, id: state.nextID)
        }
    }

    /// Ends the connection that has stalled for the longest, and returns the number of its slot.
    private func dropStalled(_ taken: [Int: Use]) -> Int? {
        let sending: [(Int, OpenConnection)] = taken.compactMap { id, use in
            if case .sending(let connection) = use { (id, connection) } else { nil }
        }
        let dropped = OpenConnection.dropLongestWaiting(
            among: sending.map(\.1),
            stallTimeout: stallTimeout,
            now: .now
        )
        return sending.first { $0.1 === dropped }?.0
    }
}
