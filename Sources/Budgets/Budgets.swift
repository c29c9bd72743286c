/// The limits that many requests share.
///
/// The limits of a single request (its head, its fields, its body) are in `HTTPLimits` and in the module `Tracking`.
/// `docs/limits.md` documents all of them.
package struct BudgetLimits: Sendable {
    /// Open connections of all peers together; a further one is answered 429 and closed.
    package var connections = 4_096
    /// Bytes of request bodies held in memory; a request whose body does not fit is answered 429.
    package var bodyBytes = 128 * 1_048_576
    /// Bytes of answers that wait in memory until their clients read them.
    package var answerBytes = 96 * 1_048_576
    /// Requests that wait for a thread that may block; a further one is answered 429.
    package var queuedCalls = 2_048
    /// Writes that wait for the next commit; a further one is answered 429.
    package var queuedWrites = 16_384
    /// Reads that wait for a reader; a further one is answered 429.
    package var queuedReads = 4_096
    /// Processor time of one read; a longer read is answered 400, with a message that names the expensive part.
    package var readWork: Duration = .seconds(10)
    /// Wall-clock time of one read, without the wait for a reader; a longer read is answered 400 too.
    package var readTime: Duration = .seconds(60)
    /// Size of the write-ahead log (WAL) in bytes; reads that keep it from restarting are ended before it grows larger.
    package var logBytes = 64 * 1_048_576
    /// Multipart uploads that are open at once.
    package var multipartUploads = 256

    package init() {}
}

/// The server's budgets, shared by all its parts.
package final class Budgets: Sendable {
    package let limits: BudgetLimits
    package let connections: Budget
    package let bodyBytes: Budget
    package let answerBytes: Budget
    package let queuedCalls: Budget
    package let queuedWrites: Budget
    package let queuedReads: Budget
    package let multipartUploads: Budget
    /// Computes `Retry-After` for the requests that any of the budgets refuses.
    package let overload = Overload()

    /// Gives one peer at most three quarters of each budget, so that a second peer always finds room.
    ///
    /// All programs on this machine are one peer, which may hold fifteen sixteenths of the connections.
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

    /// Each budget with its name in `/metrics` and `docs/limits.md`.
    package var all: [(name: String, budget: Budget)] {
        [
            ("connections", connections), ("body_bytes", bodyBytes), ("answer_bytes", answerBytes),
            ("queued_calls", queuedCalls), ("queued_writes", queuedWrites), ("queued_reads", queuedReads),
            ("multipart_uploads", multipartUploads),
        ]
    }
}
