internal import PostgreSQL

extension WriteGroup {
    /// How the attempt of a transaction ends.
    enum End: Error {
        /// The transaction is committed.
        case committed
        /// The request at the index failed after it had changed something.
        case requestFailed(Int)
        /// Another server has changed who may do what; the value is the mark of the stored rights now.
        case outdated(Int64)
        /// Some requests would meet a known lock; nothing is done.
        case postponed
        /// The transaction is undone, because of the request at the index if that is known.
        case undone(PostgresError, Int?)
        /// The connection was lost after COMMIT was sent.
        case unknown(PostgresError)
    }
}
