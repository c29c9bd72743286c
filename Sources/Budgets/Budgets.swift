/// The limits that many requests share.
///
/// The limits of a single request are in `HTTPLimits`, for its head and body, and in the module Tracking, for its data.
/// `docs/limits.md` documents all limits.
package struct BudgetLimits: Sendable {
    /// The most open connections of all peers together; a further one is answered with 429 and closed.
    package var connections = 4_096
    /// The most bytes of request bodies in memory; a request whose body would exceed them is answered with 429.
    package var bodyBytes = 128 * 1_048_576
    /// The most bytes of answers that wait in memory until their clients read them.
    package var answerBytes = 96 * 1_048_576
    /// The most bytes of files in memory that are on their way to an object store.
    package var uploadBytes = 512 * 1_048_576
    /// The most requests that wait for a worker thread; a further one is answered with 429.
    package var queuedCalls = 2_048
    /// The most requests that wait for one of the threads that ask an object store; a further one is answered with 429.
    package var queuedStorageCalls = 1_024
    /// The most writes that wait for the next commit; a further one is answered with 429.
    package var queuedWrites = 16_384
    /// The most reads that wait for a reader; a further one is answered with 429.
    package var queuedReads = 4_096
    /// The most processor time of one read; a longer read is answered with 400, and a message that names the expensive part.
    package var readProcessorTime: Duration = .seconds(10)
    /// The most wall-clock time of one read, without the wait for a reader; a longer read is answered with 400 too.
    package var readElapsedTime: Duration = .seconds(60)
    /// The largest size of the write-ahead log (WAL) in bytes; before the WAL grows larger, reads that keep it from
    /// restarting are ended.
    package var logBytes = 64 * 1_048_576
    /// The most multipart uploads that are open at the same time.
    package var multipartUploads = 256
    /// Limits for one client that are lower than its share.
    package var client = ClientLimits()

    package init() {}
}

/// The most that one client may hold of the budgets; nil for the usual share, which is three quarters.
package struct ClientLimits: Sendable {
    package var connections: Int?
    /// The most files that are being received, and also the most multipart uploads that are open.
    package var uploads: Int?
    package var bodyBytes: Int?
    package var answerBytes: Int?

    package init() {}
}

/// The server's budgets, shared by all its parts.
package final class Budgets: Sendable {
    package let limits: BudgetLimits
    package let connections: Budget
    /// The connections of clients with an identity, by identity; each counts in `connections` too.
    package let identifiedConnections: Budget
    package let bodyBytes: Budget
    package let answerBytes: Budget
    package let uploadBytes: Budget
    package let queuedCalls: Budget
    package let queuedStorageCalls: Budget
    package let queuedWrites: Budget
    package let queuedReads: Budget
    package let multipartUploads: Budget
    /// The files, and parts of files, that are being received.
    package let uploads: Budget
    /// Tells whether several clients use the server now.
    package let contention = Contention()
    /// Computes the `Retry-After` field of requests that any of the budgets refuses.
    package let overload = Overload()

    /// Gives one peer at most three quarters of each budget, or less if `limits.client` says so, so that a second peer always
    /// has room.
    ///
    /// A local peer may hold fifteen sixteenths of the connections, because many programs may share its address.
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
        uploadBytes = shared(limits.uploadBytes)
        queuedCalls = shared(limits.queuedCalls)
        queuedStorageCalls = shared(limits.queuedStorageCalls)
        queuedWrites = shared(limits.queuedWrites)
        queuedReads = shared(limits.queuedReads)
        multipartUploads = shared(limits.multipartUploads, atMost: client.uploads)
        uploads = shared(limits.connections, atMost: client.uploads)
    }

    /// All budgets with their names in `/metrics` and `docs/limits.md`.
    package var all: [(name: String, budget: Budget)] {
        [
            ("connections", connections), ("identified_connections", identifiedConnections), ("body_bytes", bodyBytes),
            ("answer_bytes", answerBytes), ("upload_bytes", uploadBytes), ("queued_calls", queuedCalls),
            ("queued_storage_calls", queuedStorageCalls), ("queued_writes", queuedWrites),
            ("queued_reads", queuedReads),
            ("multipart_uploads", multipartUploads), ("uploads", uploads),
        ]
    }
}
