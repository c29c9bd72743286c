package import Budgets

/// The state of the writer: its connection, prepared statements and caches; used by one thread at a time.
package protocol WriterSession: AnyObject, SendableMetatype {
    /// The read-write connection; the writer closes it.
    var connection: Connection { get }

    /// Called before COMMIT; if it throws, the transaction is rolled back and every request in it fails.
    func willCommit() throws

    /// Called when the transaction is durable; what the session cached during the transaction is valid from now on.
    func didCommit()

    /// Called after a rollback; must remove what the session cached during the transaction.
    func didRollBack()

    /// Called once, before the connection is closed.
    func willClose() -> LogAtClose
}

/// The handling of the write-ahead log (WAL) when the writer closes.
package enum LogAtClose: Sendable {
    /// The WAL is copied into the database and removed.
    case emptyLog
    /// The WAL stays as it is; for a database whose file is no longer at its path.
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
    /// The number of pages after which a transaction accepts no more requests; only pages count that SQLite must write
    /// before the commit, because its page cache is full.
    package var pagesPerCommit = 1_024
    /// The limits on the size of the WAL.
    package var log = LogLimits()
    /// Whether a commit must wait until no read runs, which a rollback journal requires.
    package var pausesReadersToCommit = false

    package init() {}
}
