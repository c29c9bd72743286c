package import Budgets

/// What the writer owns besides its connection: prepared statements and caches of what the database holds.
///
/// Touched only on the writer's thread.
package protocol WriterSession: AnyObject, SendableMetatype {
    /// The read-write connection; the writer closes it in the end.
    var connection: Connection { get }

    /// The transaction is about to be committed; what is thrown undoes all of it and answers every request in it.
    func willCommit() throws

    /// The transaction is durable: what was cached since it began is true and may be shown to readers.
    func didCommit()

    /// The whole transaction is gone: drop what was cached since it began.
    func didRollBack()

    /// The connection is about to be closed, for good.
    func willClose() -> LogAtClose
}

/// What becomes of the write-ahead log when the writer closes.
package enum LogAtClose: Sendable {
    /// It is copied into the database and removed.
    case emptyLog
    /// It stays as it is, because the database that it belongs to is not in its place.
    case keepLog
}

extension WriterSession {
    /// Does nothing: for sessions that can always commit.
    package func willCommit() throws {}
    /// Does nothing: for sessions without caches.
    package func didCommit() {}
    /// Does nothing: for sessions without caches.
    package func didRollBack() {}
    /// Empties the log: for sessions that do not watch their files.
    package func willClose() -> LogAtClose { .emptyLog }
}

/// Bounds of a `Writer`.
package struct WriterLimits: Sendable {
    /// Places of requests that wait; beyond them `submit` throws `.overloaded`.
    package var queue = Budget(total: BudgetLimits().queuedWrites)

    /// Requests in one transaction, which bounds how long the first of them waits.
    package var requestsPerCommit = 1_024

    /// Pages of one transaction beyond those that fit into the connection's memory, after which it takes no more requests.
    package var pagesPerCommit = 1_024

    /// How large the write-ahead log may become.
    package var log = LogLimits()

    /// Whether readers and the commit of a transaction exclude each other, as with a rollback journal.
    package var commitsAlone = false

    package init() {}
}

/// What a `Writer` has done so far.
package struct WriterStatistics: Sendable {
    /// Requests waiting now.
    package var queueDepth = 0
    /// Transactions committed.
    package var commits = 0
    /// Requests answered, failures included.
    package var requests = 0
    /// Requests run again because the transaction they were in was undone.
    package var replays = 0
    /// Time of the newest COMMIT, of all, and of the longest.
    package var lastCommit: Duration = .zero
    package var totalCommit: Duration = .zero
    package var longestCommit: Duration = .zero
    /// The longest time from the start of a transaction until its answers were out.
    package var longestBatch: Duration = .zero
    /// Checkpoints made between commits, those that failed, and the longest.
    package var checkpoints = 0
    package var failedCheckpoints = 0
    package var longestCheckpoint: Duration = .zero
    /// Commits by the number of their requests: slot n counts those of 2^n to 2^(n+1)-1, the last slot all larger ones.
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
