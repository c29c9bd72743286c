internal import Synchronization

/// A sequence of events close to each other, such as an overload; a long enough pause ends it.
///
/// Safe from any thread; each event costs one short lock.
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
    ///   - now: the moment of the event.
    ///   - quiet: returns the longest pause between two events of the burst, given how long the burst has lasted.
    /// - Returns: how long the burst has lasted; nil if the event starts a new one.
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
/// A client tries seven times. Constant short waits use these attempts up in seconds; waits that double last for a
/// minute and a half, and stay short if the overload is short.
package final class Overload: Sendable {
    /// The longest wait, in seconds.
    package static let longestWait = 30

    private let burst = Burst()

    package init() {}

    /// The longest time in seconds that a request may be tried before its refusal: the writer waits while another
    /// program holds the database's lock.
    private static let longestTry = 8

    /// Records a refused request.
    ///
    /// - Returns: the seconds for its `Retry-After` field: 1, 2, 4, 8, 16, 30 as the overload lasts.
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
