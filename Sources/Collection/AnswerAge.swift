import Hypervisor

/// The time since a guest's driver last answered, by a clock that no administrator sets.
///
/// `last_update` is the host's wall clock, which can jump: the age it gives is believed only until the driver has been
/// seen to answer. From then on it counts when the answer was seen to change. Time in which the guest could not answer,
/// because it was paused or its monitor stuck, does not count.
struct AnswerAge: Sendable {
    private var lastUpdate: UInt64?
    private var lastSign: Duration
    private var ageAtFirst: Duration

    /// The first look at a domain.
    ///
    /// - Parameters:
    ///   - lastUpdate: the driver's last answer, in Unix seconds; nil where it is not known.
    ///   - couldAnswer: whether the guest runs and its monitor answers.
    ///   - wall: the host's wall clock, in Unix seconds.
    init(lastUpdate: UInt64?, couldAnswer: Bool, now: Duration, wall: Double) {
        self.lastUpdate = lastUpdate
        lastSign = now
        ageAtFirst = lastUpdate.map { couldAnswer ? .seconds(max(0, wall - Double($0))) : .zero } ?? .zero
    }

    /// A further look.
    mutating func look(lastUpdate: UInt64?, couldAnswer: Bool, now: Duration) {
        if couldAnswer && lastUpdate == self.lastUpdate { return }
        self.lastUpdate = lastUpdate
        lastSign = now
        ageAtFirst = .zero
    }

    /// The age.
    func duration(at now: Duration) -> Duration {
        ageAtFirst + (now - lastSign)
    }
}
