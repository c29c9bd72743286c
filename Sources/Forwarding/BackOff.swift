/// The time of the next attempt after failures: the pause is 1 s after the first failure and doubles up to 60 s.
struct BackOff: Sendable, Equatable {
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    /// The number of failures since the last success.
    private(set) var failures = 0
    private(set) var nextTry: ContinuousClock.Instant?

    init() {}

    /// Records a failure, and sets the time of the next attempt.
    ///
    /// - Parameters:
    ///   - requested: the pause that the server asks for; the next attempt is not earlier, unless the pause is longer
    ///     than ten minutes, which counts as ten minutes.
    ///   - jitter: a number from 0 to 1 that shortens the pause by up to a quarter, so that clients do not call all at once.
    mutating func fail(at now: ContinuousClock.Instant, requested: Duration?, jitter: Double = .random(in: 0...1)) {
        let doublings = min(failures, 6)
        failures += 1
        let pause = min(Self.firstPause * (1 << doublings), Self.longestPause) * (1 - 0.25 * jitter)
        nextTry = now + max(pause, min(requested ?? .zero, .seconds(600)))
    }

    mutating func succeed() { self = BackOff() }

    func isDue(at now: ContinuousClock.Instant) -> Bool { nextTry.map { $0 <= now } ?? true }
}
