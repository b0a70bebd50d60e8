import COpenSSL
import Dispatch
import Glibc
import Synchronization

/// Checks passwords against bcrypt hashes, one at a time, on a thread that gives way to all others.
///
/// What a check found is kept under a keyed hash of all that it depends on, the user's hash included: a changed hash has
/// no outcomes, and nothing needs to be forgotten. Right ones are kept apart from wrong ones, so that no flood of wrong
/// ones has a right one checked anew.
final class PasswordChecks: Sendable {
    /// What came of a check.
    enum Verdict: Sendable {
        case right
        case wrong
        /// It was not made: the client's network has too many waiting.
        case tooManyOfTheClient
        /// It was not made: too many networks have one waiting.
        case tooMany
    }

    /// One question: is this the password?
    struct Question: Sendable {
        var credentials: BasicCredentials
        /// The user's hash, or that of another user, whose check takes as long.
        var hash: BcryptHash
        /// Whether there is such a user; if not, no password is right.
        var isUserKnown: Bool
    }

    private typealias Key = [UInt8]

    /// A check that is waiting or being made, and who wants to know.
    private struct Check {
        var question: Question
        var waiters: [Int: CheckedContinuation<Verdict, Never>] = [:]
    }

    private struct State {
        var right = RecentSet<Key>(capacity: 256)
        var wrong = RecentSet<Key>(capacity: 1024)
        var queue = FairQueue<ClientNetwork, Key>(capacity: 64, capacityPerClient: 8)
        var checks: [Key: Check] = [:]
        var nextWaiter = 0
        var hasThread = false
    }

    private let state = Mutex(State())
    private let secret: [UInt8]
    private let check: @Sendable (BcryptHash, [UInt8]) -> Bool

    /// How far the thread's own priority is below the others' (nice(2)).
    private static let niceness: Int32 = 10

    /// - Parameter check: what is done on the thread, for tests that count it.
    init(check: @escaping @Sendable (BcryptHash, [UInt8]) -> Bool = { $0.isHash(of: $1) }) {
        self.check = check
        secret = Self.randomBytes()
    }

    /// Checks a password, at once if the same was checked not long ago.
    func verdict(on question: Question, from network: ClientNetwork) async -> Verdict {
        let key = key(of: question)
        let waiter = state.withLock { state in
            defer { state.nextWaiter += 1 }
            return state.nextWaiter
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                ask(question, key, waiter, continuation, from: network)
            }
        } onCancel: {
            let continuation = state.withLock { $0.checks[key]?.waiters.removeValue(forKey: waiter) }
            continuation?.resume(returning: .tooMany)
        }
    }

    /// How many checks wait.
    var waitingCount: Int { state.withLock { $0.queue.count } }

    /// A number below `bound` that is always the same for the same bytes, and that nobody else can foresee.
    func pick(below bound: Int, for bytes: [UInt8]) -> Int {
        let number = digest(bytes).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(number % UInt64(bound))
    }

    private func ask(
        _ question: Question,
        _ key: Key,
        _ waiter: Int,
        _ continuation: CheckedContinuation<Verdict, Never>,
        from network: ClientNetwork
    ) {
        var startsThread = false
        var answered: [(CheckedContinuation<Verdict, Never>, Verdict)] = []
        state.withLock { state in
            if state.right.contains(key) {
                answered.append((continuation, .right))
            } else if state.wrong.contains(key) {
                answered.append((continuation, .wrong))
            } else if Task.isCancelled {
                answered.append((continuation, .tooMany))
            } else if state.checks[key] != nil {
                state.checks[key]?.waiters[waiter] = continuation
            } else {
                switch state.queue.append(key, of: network) {
                case .queuedInPlaceOf(let displaced):
                    let waiters = state.checks.removeValue(forKey: displaced)?.waiters.values
                    answered += waiters.map { $0.map { ($0, .tooManyOfTheClient) } } ?? []
                    fallthrough
                case .queued:
                    state.checks[key] = Check(question: question, waiters: [waiter: continuation])
                    startsThread = !state.hasThread
                    state.hasThread = true
                case .tooManyOfTheClient:
                    answered.append((continuation, .tooManyOfTheClient))
                case .tooMany:
                    answered.append((continuation, .tooMany))
                }
            }
        }
        for (continuation, verdict) in answered { continuation.resume(returning: verdict) }
        if startsThread { startThread() }
    }

    /// Starts the thread, which ends when nothing waits any more: it costs a thousandth of a check.
    private func startThread() {
        let thisObject = Unmanaged.passRetained(self)
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { context in
                // On Linux a thread has a niceness of its own. If it cannot be had, the checks are made all the same.
                setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, PasswordChecks.niceness)
                Unmanaged<PasswordChecks>.fromOpaque(context!).takeRetainedValue().makeChecks()
                return nil
            },
            thisObject.toOpaque()
        )
        if failure == 0 {
            pthread_detach(thread)
        } else {
            thisObject.release()
            giveUp()
        }
    }

    /// Turns away who waits for a thread that the system does not give.
    private func giveUp() {
        let checks = state.withLock { state in
            defer { state.checks = [:] }
            while state.queue.popFirst() != nil {}
            state.hasThread = false
            return state.checks
        }
        for continuation in checks.values.flatMap(\.waiters.values) { continuation.resume(returning: .tooMany) }
    }

    private func makeChecks() {
        while let (key, question) = next() {
            let isRight = check(question.hash, question.credentials.password) && question.isUserKnown
            let check = state.withLock { state in
                if isRight { state.right.insert(key) } else { state.wrong.insert(key) }
                return state.checks.removeValue(forKey: key)
            }
            for continuation in check?.waiters.values ?? [:].values {
                continuation.resume(returning: isRight ? .right : .wrong)
            }
        }
    }

    /// The next check that somebody still waits for; nil, and no thread any more, if there is none.
    private func next() -> (Key, Question)? {
        state.withLock { state in
            while let key = state.queue.popFirst() {
                guard let check = state.checks[key] else { continue }
                if !check.waiters.isEmpty { return (key, check.question) }
                state.checks[key] = nil
            }
            state.hasThread = false
            return nil
        }
    }

    /// All that the outcome depends on, hashed with a key that this process alone has, so that nothing kept here is
    /// worth anything.
    private func key(of question: Question) -> Key {
        var message = question.hash.bytes
        message.append(question.isUserKnown ? 1 : 0)
        message += withUnsafeBytes(of: question.credentials.user.count.bigEndian, Array.init)
        message += question.credentials.user
        message += question.credentials.password
        return digest(message)
    }

    /// HMAC with SHA-256 (RFC 2104).
    private func digest(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        var count: UInt32 = 0
        let result = HMAC(EVP_sha256(), secret, Int32(secret.count), message, message.count, &digest, &count)
        precondition(result != nil, "OpenSSL has no HMAC with SHA-256")
        return digest
    }

    private static func randomBytes() -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        return (0..<32).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
    }
}
