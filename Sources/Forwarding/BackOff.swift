/// When something that failed is tried again: after 1 s, and then ever later, up to 60 s.
package struct BackOff: Sendable, Equatable {
    private static let first = Duration.seconds(1)
    private static let longest = Duration.seconds(60)

    package private(set) var attempts = 0
    package private(set) var nextTry: ContinuousClock.Instant?

    package init() {}

    /// - Parameters:
    ///   - requested: the pause that the server asks for, which is kept, up to ten minutes.
    ///   - jitter: from 0 to 1: shortens the pause by up to a quarter, so that many clients do not come at once.
    package mutating func fail(at now: ContinuousClock.Instant, requested: Duration? = nil, jitter: Double) {
        let doublings = min(attempts, 6)
        attempts += 1
        let pause = min(Self.first * (1 << doublings), Self.longest) * (1 - 0.25 * jitter)
        nextTry = now + max(pause, min(requested ?? .zero, .seconds(600)))
    }

    package mutating func succeed() {
        self = BackOff()
    }

    package func isDue(at now: ContinuousClock.Instant) -> Bool { nextTry.map { $0 <= now } ?? true }
}
