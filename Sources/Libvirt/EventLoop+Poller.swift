import CLibvirt
import Glibc
import Synchronization

extension EventLoop {
    /// What libvirt wants of an event loop (libvirt-event.h), on epoll(7): descriptors and timeouts with callbacks.
    ///
    /// libvirt's client takes its socket out of the loop before each call, puts it back afterwards and puts off its
    /// keepalive. libvirt's own implementation wakes the loop's thread for each of these, which costs as much processor
    /// time again as the call. Here the first two are a system call each, the third is a number, and nobody is woken.
    ///
    /// Everything but `turn()` may be called from any thread, callbacks included: no lock is held while they run. What
    /// libvirt handed over for a callback is freed at the end of a turn, never while it is removed: libvirt holds
    /// locks then that the free callback takes. A callback that is about to run may still come after its removal.
    @safe
    final class Poller: Sendable {
        /// What belongs to a callback, and how libvirt frees it.
        ///
        /// Sendable, for it is only handed back to libvirt, on the loop's thread.
        @safe
        struct UserData: @unchecked Sendable {
            let pointer: UnsafeMutableRawPointer?
            let free: virFreeCallback?
        }

        /// A descriptor that is watched; Sendable, for a C function is a constant.
        @safe
        private struct Handle: @unchecked Sendable {
            let descriptor: Int32
            /// What epoll watches: the descriptor, or a duplicate of it that this owns, or nothing any more (-1).
            var watched: Int32
            /// libvirt's (virEventHandleType); 0 while nothing is to be told.
            var events: Int32
            let callback: virEventHandleCallback
            let data: UserData
        }

        /// A timeout that comes again and again; Sendable, for a C function is a constant.
        @safe
        private struct Timeout: @unchecked Sendable {
            /// Milliseconds; negative while it is off.
            var interval: Int32
            /// When it comes next.
            var due: Int64
            let callback: virEventTimeoutCallback
            let data: UserData
        }

        private struct State: Sendable {
            var handles: [Int32: Handle] = [:]
            var timeouts: [Int32: Timeout] = [:]
            /// What belonged to what was removed, to be freed.
            var unused: [UserData] = []
            /// The alarm's; each handle and each timeout has a number of its own.
            var lastID = Poller.alarmID
            /// Until when the loop sleeps unless it is woken. While it is awake, nobody needs to wake it.
            var sleepsUntil = Int64.min
            var lastTurn: Int64?

            mutating func newID() -> Int32 {
                lastID += 1
                return lastID
            }
        }

        /// A loop that has not turned for so long, ten times its idle time, is stuck in a callback.
        static let longestTurnMilliseconds: Int64 = 10_000
        private static let alarmID: Int32 = 0

        private let idleMilliseconds: Int64
        private let state = Mutex(State())
        private let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        /// What wakes the loop.
        private let alarm = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))

        /// - Parameter idleMilliseconds: the loop turns at least this often, so that it shows that it is not stuck.
        init(idleMilliseconds: Int64 = 1000) {
            self.idleMilliseconds = idleMilliseconds
            let isSetUp = control(EPOLL_CTL_ADD, alarm, EPOLLIN.rawValue, id: Self.alarmID)
            precondition(isSetUp, "no epoll for libvirt's event loop: \(unsafe String(cString: strerror(errno)))")
        }

        deinit {
            close(alarm)
            close(epoll)
        }

        /// The monotonic clock in milliseconds; it stands still while the host sleeps.
        static func now() -> Int64 {
            var time = timespec()
            unsafe clock_gettime(CLOCK_MONOTONIC, &time)
            return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        }

        /// Whether the loop turned of late; true before its first turn.
        func isTurning(at now: Int64 = now()) -> Bool {
            state.withLock { $0.lastTurn.map { now - $0 < Self.longestTurnMilliseconds } ?? true }
        }

        /// Waits for what happens next, runs the callbacks for it, and frees what belonged to what was removed.
        func turn() {
            let wait = state.withLock { state in
                let now = Self.now()
                state.lastTurn = now
                state.sleepsUntil = state.timeouts.values.reduce(now + idleMilliseconds) { min($0, $1.due) }
                return Int32(max(0, state.sleepsUntil - now))
            }
            var found = unsafe [epoll_event](repeating: epoll_event(), count: 16)
            // It fails for nothing but a signal, and then nothing happened.
            let count = unsafe max(0, epoll_wait(epoll, &found, Int32(found.count), wait))
            let now = Self.now()
            let due = state.withLock { state in
                state.sleepsUntil = .min
                return state.timeouts.filter { $0.value.due <= now }.keys.sorted()
            }
            for id in due { runTimeout(id, at: now) }
            for index in 0..<Int(count) {
                unsafe runHandle(Int32(truncatingIfNeeded: found[index].data.u64), found[index].events)
            }
            let unused = state.withLock { state in
                defer { state.unused = [] }
                return state.unused
            }
            for data in unused { unsafe data.free?(data.pointer) }
        }

        private func runTimeout(_ id: Int32, at now: Int64) {
            // A callback before may have removed it or put it off.
            let timeout = state.withLock { state -> Timeout? in
                guard let timeout = state.timeouts[id], timeout.due <= now else { return nil }
                state.timeouts[id]?.due = now + Int64(timeout.interval)
                return timeout
            }
            if let timeout { unsafe timeout.callback(id, timeout.data.pointer) }
        }

        private func runHandle(_ id: Int32, _ found: UInt32) {
            guard id != Self.alarmID else {
                var count: eventfd_t = 0
                unsafe eventfd_read(alarm, &count)
                return
            }
            // A callback before, or another thread, may have removed it or put it aside.
            guard let handle = state.withLock({ $0.handles[id] }), handle.events != 0 else { return }
            // As with poll(2), errors and the end are told to everyone.
            let events = Self.libvirtEvents(found) & (handle.events | Self.alwaysTold)
            if events != 0 { unsafe handle.callback(id, handle.descriptor, events, handle.data.pointer) }
        }

        /// Watches a descriptor, which may be watched already (virEventAddHandleFunc).
        ///
        /// - Returns: its number; -1 where epoll refuses it.
        func addHandle(_ descriptor: Int32, events: Int32, _ callback: virEventHandleCallback?, _ data: UserData)
            -> Int32
        {
            guard let callback = unsafe callback else { return -1 }
            return state.withLock { state in
                let id = state.newID()
                guard let watched = watch(descriptor, Self.epollEvents(events), id: id) else { return -1 }
                // It was closed while it was watched, and its number is another file's now.
                for (id, handle) in state.handles where handle.watched == watched { state.handles[id]?.watched = -1 }
                unsafe state.handles[id] = Handle(
                    descriptor: descriptor,
                    watched: watched,
                    events: events,
                    callback: callback,
                    data: data
                )
                return id
            }
        }

        /// epoll takes a file once by each descriptor: the second time, it is given a duplicate.
        private func watch(_ descriptor: Int32, _ events: UInt32, id: Int32) -> Int32? {
            if control(EPOLL_CTL_ADD, descriptor, events, id: id) { return descriptor }
            guard errno == EEXIST else { return nil }
            let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
            if control(EPOLL_CTL_ADD, duplicate, events, id: id) { return duplicate }
            close(duplicate)
            return nil
        }

        /// Changes of what is told; for no events, nothing is (virEventUpdateHandleFunc).
        func updateHandle(_ id: Int32, events: Int32) {
            state.withLock { state in
                guard let handle = state.handles[id] else { return }
                state.handles[id]?.events = events
                _ = control(EPOLL_CTL_MOD, handle.watched, Self.epollEvents(events), id: id)
            }
        }

        /// Ends a watch (virEventRemoveHandleFunc).
        ///
        /// - Returns: 0; -1 where there is none of that number.
        func removeHandle(_ id: Int32) -> Int32 {
            remove { state in
                guard let handle = state.handles.removeValue(forKey: id) else { return nil }
                _ = control(EPOLL_CTL_DEL, handle.watched, 0, id: id)
                if handle.watched != handle.descriptor { close(handle.watched) }
                return handle.data
            }
        }

        /// Has a callback called every so many milliseconds (virEventAddTimeoutFunc).
        ///
        /// - Parameter milliseconds: 0: at each turn; negative: not before it is updated.
        /// - Returns: its number.
        func addTimeout(_ milliseconds: Int32, _ callback: virEventTimeoutCallback?, _ data: UserData) -> Int32 {
            guard let callback = unsafe callback else { return -1 }
            let id = state.withLock { state in
                let id = state.newID()
                state.timeouts[id] = unsafe Timeout(interval: -1, due: .max, callback: callback, data: data)
                return id
            }
            updateTimeout(id, milliseconds: milliseconds)
            return id
        }

        /// Has it come for the next time in so many milliseconds (virEventUpdateTimeoutFunc).
        func updateTimeout(_ id: Int32, milliseconds: Int32) {
            let comesBeforeTheLoopWakes = state.withLock { state in
                guard state.timeouts[id] != nil else { return false }
                let due = milliseconds < 0 ? .max : Self.now() + Int64(milliseconds)
                state.timeouts[id]?.interval = milliseconds
                state.timeouts[id]?.due = due
                return due < state.sleepsUntil
            }
            if comesBeforeTheLoopWakes { wakeUp() }
        }

        /// Ends a timeout (virEventRemoveTimeoutFunc).
        ///
        /// - Returns: 0; -1 where there is none of that number.
        func removeTimeout(_ id: Int32) -> Int32 {
            remove { $0.timeouts.removeValue(forKey: id)?.data }
        }

        private func remove(_ removeData: (inout State) -> UserData?) -> Int32 {
            let isRemoved = state.withLock { state in
                guard let data = removeData(&state) else { return false }
                state.unused.append(data)
                return true
            }
            if isRemoved { wakeUp() }
            return isRemoved ? 0 : -1
        }

        private func wakeUp() {
            eventfd_write(alarm, 1)
        }

        private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32, id: Int32) -> Bool {
            var event = unsafe epoll_event(events: events, data: epoll_data_t(u64: UInt64(id)))
            return unsafe epoll_ctl(epoll, operation, descriptor, &event) == 0
        }

        private static let names: [(libvirt: virEventHandleType, epoll: EPOLL_EVENTS)] = [
            (VIR_EVENT_HANDLE_READABLE, EPOLLIN), (VIR_EVENT_HANDLE_WRITABLE, EPOLLOUT),
            (VIR_EVENT_HANDLE_ERROR, EPOLLERR), (VIR_EVENT_HANDLE_HANGUP, EPOLLHUP),
        ]
        private static let alwaysTold = libvirtEvents(EPOLLERR.rawValue | EPOLLHUP.rawValue)

        /// For no events, epoll tells of errors and the end all the same: by the edge it does so once, not for ever.
        private static func epollEvents(_ events: Int32) -> UInt32 {
            let events = UInt32(bitPattern: events)
            let asked = names.reduce(0) { events & $1.libvirt.rawValue == 0 ? $0 : $0 | $1.epoll.rawValue }
            return asked == 0 ? EPOLLET.rawValue : asked
        }

        private static func libvirtEvents(_ events: UInt32) -> Int32 {
            Int32(bitPattern: names.reduce(0) { events & $1.epoll.rawValue == 0 ? $0 : $0 | $1.libvirt.rawValue })
        }
    }
}
