/// What the server lends to those who use it at the same time: every bound that many requests share.
///
/// Bounds of a single request (its head, its fields, its body) are `HTTPLimits` and `Tracking`'s limits. `docs/limits.md`
/// lists all of them for people.
package struct BudgetLimits: Sendable {
    /// Open connections of all peers together; one more is answered 429 and closed.
    package var connections = 4_096
    /// Bytes of request bodies that are held in memory; a body that finds no room is answered 429.
    package var bodyBytes = 128 * 1_048_576
    /// Bytes of answers that wait in memory for their clients to read them.
    package var answerBytes = 96 * 1_048_576
    /// Requests that wait for one of the threads that may block; one more is answered 429.
    package var queuedCalls = 2_048
    /// Writes that wait for the next commit; one more is answered 429.
    package var queuedWrites = 16_384
    /// Reads that wait for a reader; one more is answered 429.
    package var queuedReads = 4_096
    /// Processor time of one read; then it ends in a 400 that says which part is dear.
    package var readWork: Duration = .seconds(10)
    /// Time on the clock of one read, waiting for a reader not counted; then it ends as above.
    package var readTime: Duration = .seconds(60)
    /// Bytes of the write-ahead log; a read that keeps the log from being reused ends before it grows beyond.
    package var logBytes = 64 * 1_048_576
    /// Uploads in parts that are open at once.
    package var multipartUploads = 256

    package init() {}
}

/// The server's budgets: counted in one place, whoever spends them.
package final class Budgets: Sendable {
    package let limits: BudgetLimits
    package let connections: Budget
    package let bodyBytes: Budget
    package let answerBytes: Budget
    package let queuedCalls: Budget
    package let queuedWrites: Budget
    package let queuedReads: Budget
    package let multipartUploads: Budget
    /// Whatever budget is spent, those who are turned away hear from it when to come again.
    package let overload = Overload()

    /// One peer may hold three quarters of each, so that a second one always finds room.
    ///
    /// All programs on this machine are one peer: they may have nearly all connections.
    package init(_ limits: BudgetLimits = .init()) {
        self.limits = limits
        func shared(_ total: Int) -> Budget { Budget(total: total, share: max(1, total / 4 * 3)) }
        connections = Budget(
            total: limits.connections,
            share: max(1, limits.connections / 4 * 3),
            localShare: limits.connections - limits.connections / 16
        )
        bodyBytes = shared(limits.bodyBytes)
        answerBytes = shared(limits.answerBytes)
        queuedCalls = shared(limits.queuedCalls)
        queuedWrites = shared(limits.queuedWrites)
        queuedReads = shared(limits.queuedReads)
        multipartUploads = shared(limits.multipartUploads)
    }

    /// Each budget by the name under which `/metrics` and `docs/limits.md` show it.
    package var all: [(name: String, budget: Budget)] {
        [
            ("connections", connections), ("body_bytes", bodyBytes), ("answer_bytes", answerBytes),
            ("queued_calls", queuedCalls), ("queued_writes", queuedWrites), ("queued_reads", queuedReads),
            ("multipart_uploads", multipartUploads),
        ]
    }
}
