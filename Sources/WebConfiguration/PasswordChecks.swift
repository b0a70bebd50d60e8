import COpenSSL
import Dispatch
import Synchronization

/// Checks passwords against bcrypt hashes, one after another in the order of their requests, outside Swift's threads: a
/// check at a cost of 10 takes a core for 46 ms.
///
/// Each user's right password is remembered as a keyed hash of all that the check depends on, so that it needs no further
/// check until the user's hash changes. Wrong passwords are not remembered.
final class PasswordChecks: Sendable {
    /// One question: is this the password?
    struct Question: Sendable {
        var credentials: BasicCredentials
        /// The user's hash, or that of another user, whose check takes as long.
        var hash: BcryptHash
        /// Whether there is such a user; if not, no password is right.
        var isUserKnown: Bool
    }

    private struct State {
        /// The digests of right passwords by their users, who are known ones.
        var right: [[UInt8]: [UInt8]] = [:]
        var waitingCount = 0
    }

    /// The most checks that wait or are made at a time.
    static let maximumWaiting = 64

    private let state = Mutex(State())
    private let secret: [UInt8]
    private let queue = DispatchQueue(label: "password checks", qos: .background)
    private let check: @Sendable (BcryptHash, [UInt8]) -> Bool

    /// - Parameter check: Makes one check; replaced in tests.
    init(check: @escaping @Sendable (BcryptHash, [UInt8]) -> Bool = { $0.isHash(of: $1) }) {
        self.check = check
        var random = SystemRandomNumberGenerator()
        secret = (0..<32).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
    }

    /// How many checks wait or are made now.
    var waitingCount: Int { state.withLock(\.waitingCount) }

    /// Whether the password is right, at once if it was right before.
    ///
    /// - Returns: nil if it was not checked, because too many checks wait.
    func isRight(_ question: Question) async -> Bool? {
        let user = question.credentials.user
        let digest = digest(of: question)
        let answer: Bool?? = state.withLock { state in
            // A user who is no longer known may be checked against the same hash.
            if question.isUserKnown && state.right[user] == digest { return true }
            guard state.waitingCount < Self.maximumWaiting else { return .some(nil) }
            state.waitingCount += 1
            return .none
        }
        if let answer { return answer }
        let isCancelled = Atomic(false)
        let isRight = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { [check] in
                    let isRight =
                        !isCancelled.load(ordering: .relaxed) && check(question.hash, question.credentials.password)
                    continuation.resume(returning: isRight && question.isUserKnown)
                }
            }
        } onCancel: {
            isCancelled.store(true, ordering: .relaxed)
        }
        state.withLock { state in
            state.waitingCount -= 1
            if isRight { state.right[user] = digest }
        }
        return isRight
    }

    /// A number below `bound` that is always the same for the same bytes, and that no client can predict.
    func pick(below bound: Int, for bytes: [UInt8]) -> Int {
        let number = hmac(bytes).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(number % UInt64(bound))
    }

    /// All that the outcome depends on, hashed with a key that this process alone has.
    private func digest(of question: Question) -> [UInt8] {
        hmac(question.hash.bytes + question.credentials.password)
    }

    /// HMAC with SHA-256 (RFC 2104).
    private func hmac(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        var count: UInt32 = 0
        let result = HMAC(EVP_sha256(), secret, Int32(secret.count), message, message.count, &digest, &count)
        precondition(result != nil, "OpenSSL has no HMAC with SHA-256")
        return digest
    }
}
