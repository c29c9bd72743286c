internal import Synchronization

/// Something that goes on, such as an overload: it begins with a first event, and is over when none has come for a while.
///
/// Safe from any thread; costs one short lock for each event.
package final class Episode: Sendable {
    private struct State {
        var start: ContinuousClock.Instant?
        var last: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    package init() {}

    /// Takes note of one more event.
    ///
    /// - Parameters:
    ///   - now: the moment of the event.
    ///   - quiet: how long no event may have come for this one to belong to those before; it is told how long they went on.
    /// - Returns: how long the episode has gone on; nil if the event is its first.
    package func note(
        at now: ContinuousClock.Instant = .now,
        endsAfter quiet: (_ lasted: Duration) -> Duration
    ) -> Duration? {
        state.withLock { state in
            defer { state.last = now }
            guard let start = state.start, let last = state.last, now - last <= quiet(last - start) else {
                state.start = now
                return nil
            }
            return now - start
        }
    }
}

/// When those who were turned away should come again: the longer an overload lasts, the later.
///
/// A client tries seven times. A wait that never grows uses them up in seconds; one that doubles lasts for a minute and a
/// half, and is still short when the overload was.
package final class Overload: Sendable {
    /// The longest wait, in seconds.
    package static let longestWait = 30

    private let episode = Episode()

    package init() {}

    /// How long a request may be tried before it is turned away: while another program has the database's lock, a writer
    /// waits for it.
    private static let longestTry = 8

    /// Takes note of a request that was turned away.
    ///
    /// - Returns: the seconds for its `Retry-After` field: 1, 2, 4, 8, 16, 30 as the overload goes on.
    package func retryAfter(at now: ContinuousClock.Instant = .now) -> Int {
        let lasted = episode.note(at: now) { .seconds(2 * Self.wait(after: $0) + Self.longestTry) }
        return Self.wait(after: lasted ?? .zero)
    }

    private static func wait(after lasted: Duration) -> Int {
        var wait = 1
        while wait < longestWait, Int64(2 * wait) <= lasted.components.seconds + 1 { wait *= 2 }
        return min(wait, longestWait)
    }
}
