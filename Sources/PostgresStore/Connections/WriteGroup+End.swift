internal import PostgreSQL

extension WriteGroup {
    /// How an attempt to carry out a transaction ends.
    enum End: Error {
        /// The transaction is committed.
        case committed
        /// The request at the index failed after it had changed something.
        case requestFailed(Int)
        /// Another server has changed permissions; the value is the new access mark (`StoredAccessVersion`).
        case outdated(Int64)
        /// Some requests would change something that is known to be locked, so nothing was stored.
        case postponed
        /// The transaction was rolled back. The number is the index of the request that caused this, if it is known.
        case rolledBack(PostgresError, Int?)
        /// The connection was lost after COMMIT was sent, so that it is unknown whether the transaction is committed.
        case unanswered(PostgresError)
    }
}
