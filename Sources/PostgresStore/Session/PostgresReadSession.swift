package import Budgets
package import PostgreSQL
internal import Tracking

/// Reads the database in one transaction, so that all statements see the same state.
///
/// `PostgresStore.read` passes it to a closure, which must not keep it.
package final class PostgresReadSession: PostgresSession {
    package let pipeline: PostgresPipeline
    /// The client that waits for the result.
    package private(set) var caller = Caller.server
    /// The time of all reads for one answer; nil until a read of the answer calls `sharedEffort`.
    package private(set) var effort: ReadEffort?
    /// Returns a sentence that says what the client should reduce if the read takes too long.
    var advice: () -> String = { usualAdvice }

    init(pipeline: PostgresPipeline) {
        self.pipeline = pipeline
    }

    /// Begins a transaction; the statement for it is sent with the first one that reads.
    func begin(for caller: Caller) throws {
        self.caller = caller
        effort = nil
        advice = { usualAdvice }
        try pipeline.send("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    }

    /// Ends the transaction without waiting for the server's answer.
    func end() throws {
        try pipeline.send("COMMIT")
        try pipeline.submit()
    }

    package func prepareStatement() {}

    /// Returns the effort that this read and the later reads for the same answer share; creates it if needed.
    package func sharedEffort() -> ReadEffort {
        let effort = effort ?? ReadEffort()
        self.effort = effort
        return effort
    }
}

private let usualAdvice = "Ask for less at once: smaller pages, fewer runs, or a shorter range."
