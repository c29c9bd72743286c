/// How often a call is repeated, and how long the client waits in between.
///
/// Repeated are calls that a server has certainly not carried out (no connection, or the answer 429), and, after an
/// unclear failure (the connection ends, or an answer 408, 500, 502, 503 or 504), calls that change nothing when they are
/// carried out twice. So a run, an experiment or a model is never created twice.
public struct RetryPolicy: Sendable, Hashable {
    /// The largest number of attempts, the first one included.
    public var attempts = 8
    /// The pause after the first attempt; each further one is twice as long.
    public var firstPause = Duration.milliseconds(500)
    /// The longest pause, also where the server asks for a longer one.
    public var longestPause = Duration.seconds(60)
    /// The share of each pause by which it is varied at random, from 0 to 1, so that many clients do not come back together.
    public var jitter = 0.5
    /// The longest time for a call with all its attempts.
    public var totalTime = Duration.seconds(240)

    /// The usual values.
    public init() {}

    /// Every call is made once.
    public static let none: RetryPolicy = {
        var policy = RetryPolicy()
        policy.attempts = 1
        return policy
    }()

    /// The pause after an attempt, which is counted from 1.
    ///
    /// - Parameters:
    ///   - requested: what the server asks for; it is never undercut.
    ///   - random: from 0 to 1.
    func pause(after attempt: Int, requested: Duration?, random: Double) -> Duration {
        let doubled = firstPause * Double(1 << min(attempt - 1, 20))
        let varied = min(doubled, longestPause) * (1 - jitter * random)
        return min(max(varied, requested ?? .zero), longestPause)
    }
}
