/// Finds out from counters, which are looked at now and then, how long nobody has used a server.
struct IdleTime: Sendable {
    /// What has been counted since the start of the server.
    struct Counts: Equatable, Sendable {
        var openConnections = 0
        var acceptedConnections = 0
        var requests = 0
    }

    private var counts: Counts
    private var begin: ContinuousClock.Instant

    init(_ counts: Counts, at now: ContinuousClock.Instant = .now) {
        self.counts = counts
        begin = now
    }

    /// The time since the first look that found the server unused as it is now; zero while a connection is open.
    mutating func length(_ counts: Counts, at now: ContinuousClock.Instant = .now) -> Duration {
        if counts != self.counts || counts.openConnections > 0 { self = IdleTime(counts, at: now) }
        return now - begin
    }
}
