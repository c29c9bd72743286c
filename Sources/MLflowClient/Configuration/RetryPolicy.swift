/// How often a call is repeated, and how long the client waits in between.
///
/// A call is repeated if the server has certainly not carried it out (no connection, or the answer 429). After an unclear
/// failure (the connection was lost, or the answer is 408, 500, 502, 503 or 504) a call is repeated only if carrying it
/// out twice has the same effect as once. A run, experiment or model is therefore never created twice.
public struct RetryPolicy: Sendable, Hashable {
    /// The largest number of attempts, the first one included.
    public var attempts = 8
    /// The pause after the first attempt; each further one is twice as long.
    public var firstPause = Duration.milliseconds(500)
    /// The longest pause, even if the server asks for a longer one.
    public var longestPause = Duration.seconds(60)
    /// The greatest fraction, from 0 to 1, by which each pause is shortened at random, so that many clients do not call again at
    /// the same time.
    public var jitter = 0.5
    /// The longest time for all attempts of a call that transfers no file.
    public var totalTime = Duration.seconds(240)

    /// The usual values.
    public init() {}

    /// A policy without repetitions.
    public static let none: RetryPolicy = {
        var policy = RetryPolicy()
        policy.attempts = 1
        return policy
    }()

    /// The pause after an attempt, which is counted from 1.
    ///
    /// - Parameters:
    ///   - requested: the pause that the server asks for; the result is at least as long, but at most `longestPause`.
    ///   - random: a random number from 0 to 1.
    func pause(after attempt: Int, requested: Duration?, random: Double) -> Duration {
        let doubled = firstPause * Double(1 << min(attempt - 1, 20))
        let varied = min(doubled, longestPause) * (1 - jitter * random)
        return min(max(varied, requested ?? .zero), longestPause)
    }
}
