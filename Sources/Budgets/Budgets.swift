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
    /// What one client may hold, where that is less than its share.
    package var client = ClientLimits()

    package init() {}
}

/// What one client may hold of the budgets; nil leaves it at three quarters.
package struct ClientLimits: Sendable {
    package var connections: Int?
    /// Files that are being received, and multipart uploads that are open: so many of each.
    package var uploads: Int?
    package var bodyBytes: Int?
    package var answerBytes: Int?

    package init() {}
}

/// The server's budgets, shared by all its parts.
package final class Budgets: Sendable {
    package let limits: BudgetLimits
    package let connections: Budget
    /// The connections of those who have shown who they are, by identity; each counts among `connections` too.
    package let identifiedConnections: Budget
    package let bodyBytes: Budget
    package let answerBytes: Budget
    package let queuedCalls: Budget
    package let queuedWrites: Budget
    package let queuedReads: Budget
    package let multipartUploads: Budget
    /// Files, and parts of files, that are being received.
    package let uploads: Budget
    /// Computes `Retry-After` for the requests that any of the budgets refuses.
    package let overload = Overload()

    /// Gives one peer at most three quarters of each budget, so that a second peer always finds room, or less where
    /// `limits.client` says so.
    ///
    /// All programs on this machine are one peer, which may hold fifteen sixteenths of the connections.
    package init(_ limits: BudgetLimits = .init()) {
        self.limits = limits
        func shared(_ total: Int, atMost bound: Int? = nil) -> Budget {
            Budget(total: total, share: min(max(1, total / 4 * 3), bound ?? total))
        }
        let client = limits.client
        connections = Budget(
            total: limits.connections,
            share: min(max(1, limits.connections / 4 * 3), client.connections ?? limits.connections),
            localShare: min(limits.connections - limits.connections / 16, client.connections ?? limits.connections)
        )
        identifiedConnections = shared(limits.connections, atMost: client.connections)
        bodyBytes = shared(limits.bodyBytes, atMost: client.bodyBytes)
        answerBytes = shared(limits.answerBytes, atMost: client.answerBytes)
        queuedCalls = shared(limits.queuedCalls)
        queuedWrites = shared(limits.queuedWrites)
        queuedReads = shared(limits.queuedReads)
        multipartUploads = shared(limits.multipartUploads, atMost: client.uploads)
        uploads = Budget(total: limits.connections, share: client.uploads)
    }

    /// Each budget with its name in `/metrics` and `docs/limits.md`.
    package var all: [(name: String, budget: Budget)] {
        [
            ("connections", connections), ("identified_connections", identifiedConnections), ("body_bytes", bodyBytes),
            ("answer_bytes", answerBytes), ("queued_calls", queuedCalls), ("queued_writes", queuedWrites),
            ("queued_reads", queuedReads), ("multipart_uploads", multipartUploads), ("uploads", uploads),
        ]
    }
}
