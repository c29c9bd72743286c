internal import PostgreSQL

/// What is known about a transaction that changes rows, so that its fate can be found out if the answer to COMMIT is lost.
struct TransactionMark {
    /// What became of a transaction.
    enum Fate {
        case committed, undone, inProgress, unknown
    }

    /// The number of the transaction in the server.
    var transaction: Int64
    /// The process of the server that runs it.
    var process: Int64
    /// The history of the server, which is another one when a standby has taken over; nil if the server does not tell it.
    var timeline: String?
    /// The id of a run that the transaction adds; nil if it adds none.
    var runID: String?
}

extension PostgresWriteSession {
    /// Asks what became of a transaction of an earlier connection.
    ///
    /// A run that it has added tells it for certain. Otherwise the server's own record does, unless another server has taken over
    /// or may have.
    func fate(of mark: TransactionMark) throws -> TransactionMark.Fate {
        let status = try pipeline.rows(
            """
            SELECT CASE WHEN $1::bigint < txid_snapshot_xmax(txid_current_snapshot()) THEN txid_status($1::bigint) ELSE 'aborted' END,
                (SELECT count(*) FROM runs WHERE run_uuid = $2)
            """,
            [.integer(mark.transaction), mark.runID.postgresValue]
        ).first { (status: $0.string(0), runs: $0.int64(1)) }
        guard let status else { return .unknown }
        let isKnown = timeline != nil && mark.timeline != nil
        let isSame = isKnown && timeline == mark.timeline
        if status.status == "in progress", isSame || !isKnown {
            // The server has not noticed yet that its client is gone. The process of another server has another transaction.
            _ = try pipeline.rows(
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid = $1::integer AND usename = current_user AND backend_xid::text::bigint = $2::bigint % 4294967296
                """,
                [.integer(mark.process), .integer(mark.transaction)]
            )
            return .inProgress
        }
        if mark.runID != nil { return status.runs > 0 ? .committed : .undone }
        guard isSame else { return .unknown }
        return status.status == "committed" ? .committed : status.status == "aborted" ? .undone : .unknown
    }
}
