package import Budgets

/// The state of the writer: its connection, prepared statements and caches of database content.
///
/// Used only on the writer's thread.
package protocol WriterSession: AnyObject, SendableMetatype {
    /// The read-write connection; the writer closes it.
    var connection: Connection { get }

    /// Called before COMMIT; if it throws, the transaction is rolled back and every request in it fails.
    func willCommit() throws

    /// Called when the transaction is durable: what was cached during the transaction is valid for readers too.
    func didCommit()

    /// Called after a rollback: drop what was cached during the transaction.
    func didRollBack()

    /// Called before the connection is closed for good.
    func willClose() -> LogAtClose
}

/// What happens to the write-ahead log (WAL) when the writer closes.
package enum LogAtClose: Sendable {
    /// The WAL is copied into the database and removed.
    case emptyLog
    /// The WAL stays as it is, because the database file is no longer at its path.
    case keepLog
}

extension WriterSession {
    package func willCommit() throws {}
    package func didCommit() {}
    package func didRollBack() {}
    /// Empties the WAL by default.
    package func willClose() -> LogAtClose { .emptyLog }
}

/// Limits of a `Writer`.
package struct WriterLimits: Sendable {
    /// The budget of waiting requests; when it is used up, `submit` throws `.overloaded`.
    package var queue = Budget(total: BudgetLimits().queuedWrites)

    /// The most requests in one transaction, which limits how long the first of them waits.
    package var requestsPerCommit = 1_024

    /// A transaction takes no more requests once SQLite has written this many of its pages for lack of page cache.
    package var pagesPerCommit = 1_024

    /// The limits on the size of the WAL.
    package var log = LogLimits()

    /// Whether a commit must wait until no read runs, as with a rollback journal.
    package var pausesReadersToCommit = false

    package init() {}
}

/// The counts of a `Writer`.
package struct WriterStatistics: Sendable {
    /// Requests waiting now.
    package var queueDepth = 0
    /// Transactions committed.
    package var commits = 0
    /// Requests completed, including failed ones.
    package var requests = 0
    /// Requests run again because their transaction was undone.
    package var replays = 0
    /// The time of the last COMMIT, of all together, and of the longest.
    package var lastCommit: Duration = .zero
    package var totalCommit: Duration = .zero
    package var longestCommit: Duration = .zero
    /// The longest time from the start of a transaction to the last call of a completion.
    package var longestBatch: Duration = .zero
    /// Successful checkpoints, failed ones, and the time of the longest.
    package var checkpoints = 0
    package var failedCheckpoints = 0
    package var longestCheckpoint: Duration = .zero
    /// Commits by size: slot n counts commits of 2^n to 2^(n+1)-1 requests; the last slot also counts all larger ones.
    package var commitSizes: [Int] = Array(repeating: 0, count: 12)

    mutating func countCommit(requests: Int, time: Duration) {
        commits += 1
        lastCommit = time
        totalCommit += time
        longestCommit = max(longestCommit, time)
        let slot = Int.bitWidth - 1 - max(requests, 1).leadingZeroBitCount
        commitSizes[min(slot, commitSizes.count - 1)] += 1
    }
}
