import HTTPTypes
import Synchronization

/// Lets requests through to their handler, or not, as a web configuration says: in the order of exporter-toolkit the
/// rate limit, the fields of the response, the password.
public final class WebAccess: Sendable {
    private let configuration: @Sendable () -> WebConfiguration
    private let checks: PasswordChecks
    private let limiter = Mutex<RateLimiter?>(nil)

    /// - Parameter configuration: gives the configuration that is in force; it is asked at each request.
    public convenience init(_ configuration: @escaping @Sendable () -> WebConfiguration) {
        self.init(configuration, checks: PasswordChecks())
    }

    init(_ configuration: @escaping @Sendable () -> WebConfiguration, checks: PasswordChecks) {
        self.configuration = configuration
        self.checks = checks
    }

    /// Answers a request by the handler if it is let through.
    public func answer(
        _ request: HTTPRequest,
        from network: ClientNetwork,
        by handler: (HTTPRequest, ClientNetwork) async -> HTTPReply
    ) async -> HTTPReply {
        let configuration = configuration()
        if let limit = configuration.rateLimit, !allows(limit) {
            return Self.refusal(
                .tooManyRequests,
                "The rate limit of this server is reached.",
                retryAfter: limit.interval
            )
        }
        var reply =
            if let refusal = await refusal(of: request, from: network) {
                refusal
            } else {
                await handler(request, network)
            }
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

    /// Why a request is not let through, or nil if it is.
    private func refusal(of request: HTTPRequest, from network: ClientNetwork) async -> HTTPReply? {
        while true {
            let current = configuration()
            if current.users.isEmpty { return nil }
            guard
                let credentials = request.headerFields[.authorization].flatMap({ BasicCredentials(authorization: $0) }),
                credentials.password.count <= BcryptHash.maximumPasswordBytes
            else { return Self.unauthorized }
            let question = question(credentials, current)
            switch await checks.verdict(on: question, from: network) {
            case .right:
                // The hash may have been exchanged meanwhile.
                if configuration().users[credentials.user] == question.hash { return nil }
            case .wrong:
                return Self.unauthorized
            case .tooManyOfTheClient:
                return Self.refusal(.tooManyRequests, "Too many passwords from your network wait to be checked.")
            case .tooMany:
                return Self.refusal(.serviceUnavailable, "Too many passwords wait to be checked.")
            }
        }
    }

    /// What is to be checked. For an unknown user it is the hash of some user, the same one each time, so that the time
    /// of the answer tells as little as for a known one, even where the hashes' costs differ.
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

    private static func refusal(
        _ status: HTTPResponse.Status,
        _ reason: String,
        retryAfter: Duration = .seconds(1)
    ) -> HTTPReply {
        var reply = HTTPReply.plainText(status, reason)
        reply.fields[.retryAfter] = String(max(1, retryAfter.components.seconds))
        return reply
    }
}
