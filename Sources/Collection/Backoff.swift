/// How long to wait before the next try to connect: twice as long after each failure, up to a bound, and never twice
/// the same, so that a fleet does not knock at the same moment.
struct Backoff {
    /// libvirtd's return is noticed within this time and its jitter.
    static let longest = Duration.seconds(5)
    private static let shortest = Duration.milliseconds(250)

    private var next = Backoff.shortest

    /// The time to wait now.
    ///
    /// - Parameter jitter: a number from 0 to 1 that spreads the time over 75 to 125 per cent.
    mutating func delay(jitter: Double = .random(in: 0...1)) -> Duration {
        let delay = next * (0.75 + jitter / 2)
        next = min(next * 2, Self.longest)
        return delay
    }

    /// Starts anew after a success.
    mutating func reset() {
        next = Self.shortest
    }
}
