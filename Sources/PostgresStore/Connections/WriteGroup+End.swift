internal import PostgreSQL

extension WriteGroup {
    /// How the attempt of a transaction ends.
    enum End: Error {
        /// The transaction is committed.
        case committed
        /// The request at the index failed after it had changed something.
        case requestFailed(Int)
        /// Another server has changed permissions; the value is the access mark now (`StoredAccessVersion`).
        case outdated(Int64)
        /// Some requests would meet a known lock; nothing is done.
        case postponed
        /// The transaction is rolled back, because of the request at the index if that is known.
        case rolledBack(PostgresError, Int?)
        /// The connection was lost after COMMIT was sent, so that it is unknown whether the transaction is committed.
        case unanswered(PostgresError)
    }
}
