import HTTP
import HTTPTypes
import Synchronization

/// Applies a web configuration to requests, in exporter-toolkit's order: rate limit, response headers, password.
package final class WebAccess: Sendable {
    private let configuration: @Sendable () -> WebConfiguration
    private let checks: PasswordChecks
    private let limiter = Mutex<RateLimiter?>(nil)

    /// - Parameter configuration: Returns the configuration in force; it is called at each request.
    package convenience init(_ configuration: @escaping @Sendable () -> WebConfiguration) {
        self.init(configuration, checks: PasswordChecks())
    }

    init(_ configuration: @escaping @Sendable () -> WebConfiguration, checks: PasswordChecks) {
        self.configuration = configuration
        self.checks = checks
    }

    /// Answers a request by the handler, or refuses it: 429 above the rate limit, 401 without a right password, 503 while
    /// too many passwords wait to be checked.
    package func answer(_ request: HTTPRequest, by handler: (HTTPRequest) async -> HTTPReply) async -> HTTPReply {
        let configuration = configuration()
        if let limit = configuration.rateLimit, !allows(limit) {
            return .plainText(
                .tooManyRequests,
                "The rate limit of this server is reached.",
                retryAfter: limit.interval
            )
        }
        var reply = if let refusal = await refusal(of: request) { refusal } else { await handler(request) }
        for field in configuration.headers { reply.fields[field.name] = field.value }
        return reply
    }

    private func allows(_ limit: RateLimit) -> Bool {
        limiter.withLock { limiter in
            var current = limiter.flatMap { $0.limit == limit ? $0 : nil } ?? RateLimiter(limit)
            defer { limiter = current }
            return current.allows(at: .now)
        }
    }

    /// Why a request is refused, or nil if it is not.
    private func refusal(of request: HTTPRequest) async -> HTTPReply? {
        while true {
            let current = configuration()
            if current.users.isEmpty { return nil }
            guard
                let credentials = request.headerFields[.authorization].flatMap({ BasicCredentials(authorization: $0) }),
                credentials.password.count <= BcryptHash.maximumPasswordBytes
            else { return Self.unauthorized }
            let question = question(credentials, current)
            switch await checks.isRight(question) {
            case true?:
                // The hash may have been changed meanwhile.
                if configuration().users[credentials.user] == question.hash { return nil }
            case false?:
                return Self.unauthorized
            case nil:
                return .plainText(
                    .serviceUnavailable,
                    "Too many passwords wait to be checked.",
                    retryAfter: .seconds(1)
                )
            }
        }
    }

    /// The check to make. An unknown user's password is checked against the hash of some known user, the same one each
    /// time, so that the time of the answer does not reveal which users exist, even where the hashes' costs differ.
    private func question(_ credentials: BasicCredentials, _ configuration: WebConfiguration) -> PasswordChecks.Question
    {
        let decoy = configuration.decoys[checks.pick(below: configuration.decoys.count, for: credentials.user)]
        let hash = configuration.users[credentials.user]
        return .init(credentials: credentials, hash: hash ?? decoy, isUserKnown: hash != nil)
    }

    private static let unauthorized: HTTPReply = {
        var reply = HTTPReply.plainText(.unauthorized, "A user name and its password are needed.")
        reply.fields[.wwwAuthenticate] = #"Basic realm="metrics", charset="UTF-8""#
        return reply
    }()
}

/// The token bucket of a `RateLimit`.
struct RateLimiter {
    let limit: RateLimit
    /// When the bucket will be full again. Each request delays that by one interval.
    private var fullAt: ContinuousClock.Instant?

    init(_ limit: RateLimit) {
        self.limit = limit
    }

    /// Takes a token if there is one, and returns whether there was.
    mutating func allows(at now: ContinuousClock.Instant) -> Bool {
        let start = max(fullAt ?? now, now)
        guard now.duration(to: start) <= limit.interval * (limit.burst - 1) else { return false }
        fullAt = start + limit.interval
        return true
    }
}
