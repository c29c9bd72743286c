/// Measures how long nobody has used a server, by counters that the caller reads from time to time.
struct IdleTime: Sendable {
    /// The counters of the server; the last two count from its start.
    struct Counts: Equatable, Sendable {
        var openConnections = 0
        var acceptedConnections = 0
        var requests = 0
    }

    private var counts: Counts
    private var unchangedSince: ContinuousClock.Instant

    init(_ counts: Counts, at now: ContinuousClock.Instant = .now) {
        self.counts = counts
        unchangedSince = now
    }

    /// Stores new counters, and returns how long they have been unchanged; zero while a connection is open.
    mutating func update(_ counts: Counts, at now: ContinuousClock.Instant = .now) -> Duration {
        if counts != self.counts || counts.openConnections > 0 { self = IdleTime(counts, at: now) }
        return now - unchangedSince
    }
}
