import Synchronization

@testable import Collection

/// A clock that jumps to the next moment at which somebody wakes, one thread for all tasks, and chance from a seed: a run
/// takes milliseconds, and the same seed gives the same run.
final class VirtualScheduler: Scheduler {
    /// Why a run cannot go on.
    enum Failure: Error, CustomStringConvertible {
        case everybodyWaits(at: Duration)
        case timeStandsStill(at: Duration)

        var description: String {
            switch self {
            case .everybodyWaits(let time): "at \(time) every task waits, and none of them for the clock"
            case .timeStandsStill(let time): "at \(time) the tasks go on without end, and no time passes"
            }
        }
    }

    private struct Sleeper {
        let id: UInt64
        let time: Duration
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Duration.zero
        var generator: SeededGenerator
        var sleepers: [Sleeper] = []
        var lastID: UInt64 = 0
        var hasEnded = false
    }

    /// The wall clock at the beginning, in Unix seconds.
    static let firstWall = 1_800_000_000.0
    /// No run has so many steps at the same moment.
    private static let mostSteps = 1_000_000

    private let executor = OneThread()
    private let state: Mutex<State>

    init(seed: UInt64) {
        state = Mutex(State(generator: SeededGenerator(seed: seed)))
    }

    var now: Duration { state.withLock { $0.now } }

    var wall: Double { Self.firstWall + now / .seconds(1) }

    var random: Double { state.withLock { Double.random(in: 0..<1, using: &$0.generator) } }

    func sleep(until time: Duration) async throws {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled || state.hasEnded { return .failure(CancellationError()) }
                    if time <= state.now { return .success(()) }
                    state.sleepers.append(Sleeper(id: id, time: time, continuation: continuation))
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0) }
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    @discardableResult
    func start(_ operation: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: executor, operation: operation)
    }

    /// Runs this, and all tasks that it starts, until it returns.
    func run(_ body: @escaping @Sendable () async throws -> Void) throws {
        let end = End()
        Task(executorPreference: executor) {
            do {
                try await body()
                end.result.withLock { $0 = .success(()) }
            } catch {
                end.result.withLock { $0 = .failure(error) }
            }
        }
        defer { finish() }
        var steps = 0
        while true {
            if let result = end.result.withLock({ $0 }) { return try result.get() }
            if executor.step() {
                steps += 1
                guard steps < Self.mostSteps else { throw Failure.timeStandsStill(at: now) }
            } else {
                guard wakeNext() else { throw Failure.everybodyWaits(at: now) }
                steps = 0
            }
        }
    }

    /// Moves the clock to the first sleeper's time, and wakes that one.
    private func wakeNext() -> Bool {
        let sleeper: Sleeper? = state.withLock { state in
            let index = state.sleepers.indices.min { first, second in
                let (first, second) = (state.sleepers[first], state.sleepers[second])
                return (first.time, first.id) < (second.time, second.id)
            }
            guard let index else { return nil }
            state.now = state.sleepers[index].time
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume()
        return sleeper != nil
    }

    /// Nobody sleeps any more, so that what is left of the tasks ends.
    private func finish() {
        let sleepers = state.withLock { state in
            state.hasEnded = true
            defer { state.sleepers = [] }
            return state.sleepers
        }
        for sleeper in sleepers { sleeper.continuation.resume(throwing: CancellationError()) }
        var steps = 0
        while steps < Self.mostSteps, executor.step() { steps += 1 }
    }

    private final class End: Sendable {
        let result = Mutex<Result<Void, any Error>?>(nil)
    }

    /// Runs jobs in the order in which they came, on the thread that steps it.
    private final class OneThread: TaskExecutor {
        private struct Jobs {
            var waiting: [UnownedJob] = []
            var next = 0
        }

        private let jobs = Mutex(Jobs())

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            jobs.withLock { $0.waiting.append(job) }
        }

        /// Runs the next job; false where there is none.
        func step() -> Bool {
            let job: UnownedJob? = jobs.withLock { jobs in
                guard jobs.next < jobs.waiting.count else {
                    jobs = Jobs()
                    return nil
                }
                jobs.next += 1
                return jobs.waiting[jobs.next - 1]
            }
            job?.runSynchronously(on: asUnownedTaskExecutor())
            return job != nil
        }
    }
}

/// SplitMix64: chance that a seed repeats.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
