internal import Synchronization

/// Measures how long a series of events lasts, such as an overload; a long enough pause between two events ends it.
///
/// Usable from any thread; each event costs one short lock.
package final class Burst: Sendable {
    private struct State {
        var start: ContinuousClock.Instant?
        var last: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    package init() {}

    /// Records one event.
    ///
    /// - Parameters:
    ///   - now: the time of the event.
    ///   - quiet: returns the longest pause between two events of one burst, given how long the burst has lasted.
    /// - Returns: how long the burst has lasted; nil if the event starts a new burst.
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

/// Computes when clients should retry after a refusal: the longer an overload lasts, the later.
///
/// MLflow's client tries a request seven times. With constant short waits, it would give up after seconds; with waits
/// that double, it tries for a minute and a half, and still waits only briefly if the overload is short.
package final class Overload: Sendable {
    /// The longest wait, in seconds.
    package static let longestWait = 30

    private let burst = Burst()

    package init() {}

    /// The longest time in seconds from the arrival of a request to its refusal; a request is refused this late if
    /// another program holds the lock of the database.
    private static let longestTry = 8

    /// Records a refused request.
    ///
    /// - Returns: the seconds for its `Retry-After` field: 1 at the beginning of an overload, then 2, 4, 8, 16 and 30.
    package func retryAfter(at now: ContinuousClock.Instant = .now) -> Int {
        let lasted = burst.note(at: now) { .seconds(2 * Self.wait(after: $0) + Self.longestTry) }
        return Self.wait(after: lasted ?? .zero)
    }

    private static func wait(after lasted: Duration) -> Int {
        var wait = 1
        while wait < longestWait, Int64(2 * wait) <= lasted.components.seconds + 1 { wait *= 2 }
        return min(wait, longestWait)
    }
}
