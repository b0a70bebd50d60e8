import CLibvirt
import Glibc
import Synchronization
import Testing

@testable import Libvirt

/// The event loop as libvirt uses it. Here each turn is taken by hand, and none but for a reason to.
@Suite(.timeLimit(.minutes(1))) final class EventLoopTests {
    private let poller = EventLoop.Poller(idleMilliseconds: 3_600_000)
    private let pipe = Pipe()
    private let notes = Notes()

    private static let readable = Int32(VIR_EVENT_HANDLE_READABLE.rawValue)
    private static let writable = Int32(VIR_EVENT_HANDLE_WRITABLE.rawValue)
    private static let hangup = Int32(VIR_EVENT_HANDLE_HANGUP.rawValue)

    /// Has everything freed that the test left; numbers start at 1, and no test needs a hundred.
    deinit {
        // What it does may hold on to it.
        notes.onCall { _, _ in }
        // One to remove there always is: that makes the turn come at once.
        _ = timeout(0)
        for id in 1..<100 as Range<Int32> where poller.removeHandle(id) != 0 { _ = poller.removeTimeout(id) }
        poller.turn()
    }

    private func watch(_ descriptor: Int32, _ events: Int32 = readable, notes: Notes? = nil) -> Int32 {
        poller.addHandle(descriptor, events: events, { Notes.of($3).note($0, $2) }, (notes ?? self.notes).userData)
    }

    private func timeout(_ milliseconds: Int32, notes: Notes? = nil) -> Int32 {
        poller.addTimeout(milliseconds, { Notes.of($1).note($0, 0) }, (notes ?? self.notes).userData)
    }

    /// A turn that waits for nothing.
    private func turnAtOnce() {
        let timer = timeout(0, notes: Notes())
        poller.turn()
        _ = poller.removeTimeout(timer)
    }

    @Test func whatCanBeReadIsToldAgainUntilItIsRead() {
        let id = watch(pipe.reading)
        turnAtOnce()
        #expect(notes.calls.isEmpty)
        pipe.write()
        poller.turn()
        poller.turn()
        #expect(notes.calls == [Call(id, Self.readable), Call(id, Self.readable)])
        pipe.read()
        turnAtOnce()
        #expect(notes.calls.count == 2)
    }

    @Test func aRemovedWatchIsToldNothingAndFreedOnceInALaterTurn() {
        let id = watch(pipe.reading)
        pipe.write()
        #expect(poller.removeHandle(id) == 0)
        #expect(poller.removeHandle(id) == -1)
        #expect(notes.freed == 0)
        poller.turn()
        turnAtOnce()
        #expect(notes.freed == 1)
        #expect(notes.calls.isEmpty)
    }

    @Test func nothingIsToldOfADescriptorThatIsPutAsideUntilItIsTakenBack() {
        let id = watch(pipe.reading)
        poller.updateHandle(id, events: 0)
        pipe.write()
        pipe.closeWriting()
        turnAtOnce()
        poller.turn()
        #expect(notes.calls.isEmpty)
        // Nor is the loop woken for it again and again: it sleeps until the next timeout.
        let timer = Notes()
        _ = timeout(20, notes: timer)
        poller.turn()
        #expect(timer.calls.count == 1)
        poller.updateHandle(id, events: Self.readable)
        poller.turn()
        #expect(notes.calls == [Call(id, Self.readable | Self.hangup)])
    }

    @Test func aDescriptorThatIsAddedForNothingIsToldLater() {
        let id = watch(pipe.reading, 0)
        pipe.write()
        turnAtOnce()
        #expect(notes.calls.isEmpty)
        poller.updateHandle(id, events: Self.readable)
        poller.turn()
        #expect(notes.calls == [Call(id, Self.readable)])
    }

    @Test func whatCannotBeWatchedIsRefused() throws {
        let file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        let data = notes.userData
        for descriptor in [-1, file] {
            #expect(poller.addHandle(descriptor, events: Self.readable, { _, _, _, _ in }, data) == -1)
        }
        turnAtOnce()
        #expect(notes.freed == 0)
        // Whoever is refused frees what he has himself.
        data.free?(data.pointer)
    }

    @Test func twoWatchesOfOneDescriptorAreToldEachItsOwn() throws {
        let pair = try SocketPair()
        let other = Notes()
        let reading = watch(pair.near)
        let writing = watch(pair.near, Self.writable, notes: other)
        #expect(reading != writing)
        poller.turn()
        #expect(notes.calls.isEmpty)
        #expect(other.calls == [Call(writing, Self.writable)])
        #expect(poller.removeHandle(writing) == 0)
        poller.turn()
        #expect(other.freed == 1)
        pair.writeFar()
        poller.turn()
        #expect(notes.calls == [Call(reading, Self.readable)])
        #expect(poller.removeHandle(reading) == 0)
    }

    @Test func aNumberThatIsAnotherFilesNowIsWatchedForThatFile() {
        let old = watch(pipe.reading)
        let successor = Pipe()
        // Closes the old file.
        dup2(successor.reading, pipe.reading)
        let other = Notes()
        let new = watch(pipe.reading, notes: other)
        poller.updateHandle(old, events: 0)
        #expect(poller.removeHandle(old) == 0)
        successor.write()
        turnAtOnce()
        #expect(notes.calls.isEmpty)
        #expect(other.calls == [Call(new, Self.readable)])
    }

    @Test func aWatchMayRemoveItselfAndAddAnother() {
        let poller = poller
        let other = Notes()
        let descriptor = pipe.reading
        notes.onCall { id, _ in
            #expect(poller.removeHandle(id) == 0)
            _ = poller.addHandle(descriptor, events: Self.readable, { Notes.of($3).note($0, $2) }, other.userData)
        }
        let id = watch(pipe.reading)
        pipe.write()
        poller.turn()
        #expect(notes.calls == [Call(id, Self.readable)])
        #expect(notes.freed == 1)
        poller.turn()
        #expect(notes.calls.count == 1)
        #expect(other.calls.count == 1)
    }

    @Test func whatAnotherThreadRemovesWhileItIsCalledIsFreedAfterTheCall() {
        let poller = poller
        let notes = notes
        notes.onCall { id, _ in
            Thread { #expect(poller.removeHandle(id) == 0) }.join()
            #expect(notes.freed == 0)
        }
        _ = watch(pipe.reading)
        pipe.write()
        poller.turn()
        #expect(notes.freed == 1)
        #expect(notes.calls.count == 1)
    }

    @Test func aTimeoutComesAgainAndAgainUntilItIsTurnedOff() {
        let id = timeout(5)
        for _ in 0..<3 { poller.turn() }
        #expect(notes.calls == [Call(id, 0), Call(id, 0), Call(id, 0)])
        poller.updateTimeout(id, milliseconds: -1)
        turnAtOnce()
        #expect(notes.calls.count == 3)
        #expect(poller.removeTimeout(id) == 0)
        #expect(poller.removeTimeout(id) == -1)
        #expect(notes.freed == 0)
        turnAtOnce()
        #expect(notes.freed == 1)
    }

    @Test func aTimeoutThatACallbackRemovesOrPutsOffDoesNotCome() {
        let poller = poller
        let (removed, putOff) = (Notes(), Notes())
        let ids = Mutex<(removed: Int32, putOff: Int32)>((0, 0))
        notes.onCall { _, _ in
            let ids = ids.withLock { $0 }
            #expect(poller.removeTimeout(ids.removed) == 0)
            poller.updateTimeout(ids.putOff, milliseconds: 3_600_000)
        }
        _ = timeout(0)
        let others = (timeout(0, notes: removed), timeout(0, notes: putOff))
        ids.withLock { $0 = others }
        poller.turn()
        #expect(notes.calls.count == 1)
        #expect(removed.calls.isEmpty && putOff.calls.isEmpty)
        #expect(removed.freed == 1)
    }

    @Test(arguments: [-1, 3_600_000] as [Int32])
    func aTimeoutThatAnotherThreadBringsForwardWakesTheLoop(milliseconds: Int32) {
        let poller = poller
        let id = timeout(milliseconds)
        let thread = Thread {
            usleep(20_000); poller.updateTimeout(id, milliseconds: 0)
        }
        while notes.calls.isEmpty { poller.turn() }
        thread.join()
        #expect(notes.calls.first == Call(id, 0))
    }

    @Test func anUpdateOfAHandleByAnotherThreadIsSeenByASleepingLoop() {
        let poller = poller
        let id = watch(pipe.reading, 0)
        pipe.write()
        let thread = Thread {
            usleep(20_000); poller.updateHandle(id, events: Self.readable)
        }
        poller.turn()
        thread.join()
        #expect(notes.calls == [Call(id, Self.readable)])
    }

    @Test func aLoopThatTurnsIsNotStuckAndOneInACallbackIs() {
        #expect(poller.isTurning(at: .max))
        let poller = poller
        notes.onCall { _, _ in
            let now = EventLoop.Poller.now()
            #expect(poller.isTurning(at: now))
            #expect(!poller.isTurning(at: now + EventLoop.Poller.longestTurnMilliseconds))
        }
        _ = timeout(0)
        poller.turn()
        #expect(notes.calls.count == 1)
    }

    @Test func manyThreadsMayUseTheLoopOfTheProcessAtOnce() {
        EventLoop.start()
        let threads = (0..<8).map { _ in
            Thread {
                let (pipe, notes) = (Pipe(), Notes())
                let callback: virEventHandleCallback = { id, descriptor, events, opaque in
                    var byte: UInt8 = 0
                    read(descriptor, &byte, 1)
                    Notes.of(opaque).note(id, events)
                }
                let data = notes.userData
                let id = virEventAddHandle(pipe.reading, Self.readable, callback, data.pointer, data.free)
                for round in 1...50 {
                    virEventUpdateHandle(id, 0)
                    pipe.write()
                    virEventUpdateHandle(id, Self.readable)
                    while notes.calls.count < round { usleep(100) }
                }
                #expect(virEventRemoveHandle(id) == 0)
                while notes.freed == 0 { usleep(100) }
                #expect(notes.calls == [Call](repeating: Call(id, Self.readable), count: 50))
            }
        }
        for thread in threads { thread.join() }
        #expect(EventLoop.isTurning)
    }
}

/// One call of a callback.
private struct Call: Equatable {
    let id: Int32
    let events: Int32

    init(_ id: Int32, _ events: Int32) {
        self.id = id
        self.events = events
    }
}

/// What callbacks noted; the event loop holds a reference until it frees it.
private final class Notes: Sendable {
    private struct State {
        var calls: [Call] = []
        var freed = 0
        var onCall: @Sendable (Int32, Int32) -> Void = { _, _ in }
    }

    private let state = Mutex(State())

    var calls: [Call] { state.withLock { $0.calls } }
    var freed: Int { state.withLock { $0.freed } }

    func onCall(_ action: @escaping @Sendable (_ id: Int32, _ events: Int32) -> Void) {
        state.withLock { $0.onCall = action }
    }

    func note(_ id: Int32, _ events: Int32) {
        let action = state.withLock { state in
            state.calls.append(Call(id, events))
            return state.onCall
        }
        action(id, events)
    }

    var userData: EventLoop.Poller.UserData {
        EventLoop.Poller.UserData(pointer: Unmanaged.passRetained(self).toOpaque()) { opaque in
            Notes.of(opaque).state.withLock { $0.freed += 1 }
            Unmanaged<Notes>.fromOpaque(opaque!).release()
        }
    }

    static func of(_ opaque: UnsafeMutableRawPointer?) -> Notes {
        Unmanaged<Notes>.fromOpaque(opaque!).takeUnretainedValue()
    }
}

/// A pipe with an end that does not block.
private final class Pipe: Sendable {
    let reading: Int32
    private let writing: Mutex<Int32?>

    init() {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0)
        reading = ends[0]
        writing = Mutex(ends[1])
    }

    deinit {
        closeWriting()
        close(reading)
    }

    func write() {
        writing.withLock { _ = Glibc.write($0!, "x", 1) }
    }

    func read() {
        var byte: UInt8 = 0
        Glibc.read(reading, &byte, 1)
    }

    func closeWriting() {
        writing.withLock { writing in
            if let end = writing.take() { close(end) }
        }
    }
}

/// Two sockets, each the other's far end.
private final class SocketPair {
    let near: Int32
    private let far: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        (near, far) = (ends[0], ends[1])
    }

    deinit {
        close(near)
        close(far)
    }

    func writeFar() { _ = Glibc.write(far, "x", 1) }
}

/// A thread that can be waited for without Swift's concurrency, whose threads these tests would block.
private struct Thread {
    private let id: pthread_t

    init(_ body: @escaping @Sendable () -> Void) {
        final class Body: Sendable {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        var id = pthread_t()
        pthread_create(
            &id,
            nil,
            {
                Unmanaged<Body>.fromOpaque($0!).takeRetainedValue().run()
                return nil
            },
            Unmanaged.passRetained(Body(body)).toOpaque()
        )
        self.id = id
    }

    func join() { pthread_join(id, nil) }
}
