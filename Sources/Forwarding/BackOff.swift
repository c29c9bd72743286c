/// The time of the next attempt after failures: the pause is 1 s after the first failure and doubles up to 60 s.
package struct BackOff: Sendable, Equatable {
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    /// The number of failures since the last success.
    package private(set) var attempts = 0
    package private(set) var nextTry: ContinuousClock.Instant?

    package init() {}

    /// Records a failure, and sets the time of the next attempt.
    ///
    /// - Parameters:
    ///   - requested: the pause that the server asks for; the next attempt is not earlier, unless the pause is longer
    ///     than ten minutes, which counts as ten minutes.
    ///   - jitter: a random number from 0 to 1, which shortens the pause by up to a quarter, so that many clients do
    ///     not call at the same time.
    package mutating func fail(at now: ContinuousClock.Instant, requested: Duration? = nil, jitter: Double) {
        let doublings = min(attempts, 6)
        attempts += 1
        let pause = min(Self.firstPause * (1 << doublings), Self.longestPause) * (1 - 0.25 * jitter)
        nextTry = now + max(pause, min(requested ?? .zero, .seconds(600)))
    }

    package mutating func succeed() { self = BackOff() }

    package func isDue(at now: ContinuousClock.Instant) -> Bool { nextTry.map { $0 <= now } ?? true }
}
