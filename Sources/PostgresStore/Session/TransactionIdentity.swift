internal import PostgreSQL

/// Identifies a transaction that changes rows, so that its outcome can be found out if the answer to COMMIT is lost.
struct TransactionIdentity {
    enum Outcome {
        case committed, rolledBack, inProgress, unknown
    }

    /// The number of the transaction in the server.
    var transaction: Int64
    /// The number of the server's process that runs the transaction.
    var process: Int64
    /// The id of the server's timeline, which changes when a standby takes over; nil if the server does not report it.
    var timeline: String?
    /// The id of a run that the transaction adds; nil if it adds none.
    var runID: String?
}

extension PostgresWriteSession {
    /// Finds out the outcome of a transaction of an earlier connection; if it is still in progress, ends its connection.
    ///
    /// If the transaction has added a run, it is committed if and only if the run is stored. Otherwise, the outcome is the status
    /// that the server has recorded; it is unknown if another server has taken over or may have taken over.
    func outcome(of earlier: TransactionIdentity) throws -> TransactionIdentity.Outcome {
        let found = try pipeline.rows(
            """
            SELECT CASE WHEN $1::bigint < txid_snapshot_xmax(txid_current_snapshot()) THEN txid_status($1::bigint) ELSE 'aborted' END,
                (SELECT count(*) FROM runs WHERE run_uuid = $2)
            """,
            [.integer(earlier.transaction), earlier.runID.postgresValue]
        ).first { (status: $0.string(0), runs: $0.int64(1)) }
        guard let found else { return .unknown }
        let isKnown = timeline != nil && earlier.timeline != nil
        let isSame = isKnown && timeline == earlier.timeline
        if found.status == "in progress", isSame || !isKnown {
            // The server has not noticed yet that the connection is lost, so its process is ended. The condition on the
            // transaction keeps the statement from ending a process with the same number on another server.
            let query = """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid = $1::integer AND usename = current_user AND backend_xid::text::bigint = $2::bigint % 4294967296
                """
            _ = try pipeline.rows(query, [.integer(earlier.process), .integer(earlier.transaction)])
            return .inProgress
        }
        if earlier.runID != nil { return found.runs > 0 ? .committed : .rolledBack }
        guard isSame else { return .unknown }
        return found.status == "committed" ? .committed : found.status == "aborted" ? .rolledBack : .unknown
    }
}
