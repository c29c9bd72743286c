internal import CSQLite
internal import Glibc

/// Statements were stopped because they took more processor time than they were given.
package struct WorkLimitExceeded: Error {}

extension Connection {
    /// Runs `body`, and stops its statements once they have kept this thread's processor busy for longer than `limit`.
    ///
    /// Processor time and no time of day: what is legal does not depend on how busy the machine is. The clock is asked
    /// between steps of SQLite's programs, so that one step that takes long overruns the limit.
    /// - Parameter stepsBetweenLooks: fewer where one step may take long.
    /// - Throws: `WorkLimitExceeded` at the limit, else what `body` throws.
    package func withWorkLimit<Value>(
        _ limit: Duration,
        stepsBetweenLooks: Int32,
        _ body: () throws -> Value
    ) throws -> Value {
        guard let raw = database.raw else { throw SQLiteError.closed(sql: nil) }
        let limit = UInt64(max(limit / .nanoseconds(1), 0))
        var budget = WorkBudget(
            earliestEnd: nanoseconds(of: CLOCK_MONOTONIC_COARSE) + limit,
            end: nanoseconds(of: CLOCK_THREAD_CPUTIME_ID) + limit
        )
        return try withUnsafeMutablePointer(to: &budget) { budget in
            sqlite3_progress_handler(
                raw,
                stepsBetweenLooks,
                { context in
                    guard let budget = context?.assumingMemoryBound(to: WorkBudget.self) else { return 0 }
                    return budget.pointee.isSpentNow() ? 1 : 0
                },
                budget
            )
            defer { sqlite3_progress_handler(raw, 0, nil, nil) }
            do {
                return try body()
            } catch let error as SQLiteError where error.isInterrupt && budget.pointee.isSpent {
                throw WorkLimitExceeded()
            }
        }
    }
}

/// When work has to end, in nanoseconds of two clocks.
private struct WorkBudget {
    /// Of the coarse clock, which costs next to nothing: no sooner can the processor have been busy for long enough.
    let earliestEnd: UInt64
    /// Of the thread's own clock.
    let end: UInt64
    private(set) var isSpent = false

    init(earliestEnd: UInt64, end: UInt64) {
        self.earliestEnd = earliestEnd
        self.end = end
    }

    mutating func isSpentNow() -> Bool {
        guard nanoseconds(of: CLOCK_MONOTONIC_COARSE) >= earliestEnd else { return false }
        isSpent = nanoseconds(of: CLOCK_THREAD_CPUTIME_ID) >= end
        return isSpent
    }
}

private func nanoseconds(of clock: clockid_t) -> UInt64 {
    var now = timespec()
    clock_gettime(clock, &now)
    return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}
