internal import PostgreSQL
package import Tracking

// Tables of the schema `apus`, which migrations/postgresql creates, contain how much each owner has stored. A transaction that
// stores or removes something updates these sums right before its commit.

extension PostgresWriteSession {
    package func recordStored(_ path: String, by owner: StorageOwner?, bytes: Int64) throws -> [StoredChange] {
        let key = owner?.key ?? ""
        let added = try changed(
            "INSERT INTO apus.stored_artifacts (path, owner, bytes) VALUES ($1, $2, $3) ON CONFLICT (path) DO NOTHING",
            path,
            key,
            bytes
        )
        storage.add(owner, bytes: bytes, files: 1)
        guard added.affectedCount == 0 else { return [] }
        let query = "SELECT owner, bytes, 1::bigint FROM apus.stored_artifacts WHERE path = $1 FOR UPDATE"
        let found = try rows(query, path)
        // If there is no row, another server has removed the artifact since the INSERT.
        guard found.count > 0 else { throw PostgresError.changedByAnotherServer }
        try change("UPDATE apus.stored_artifacts SET owner = $2, bytes = $3 WHERE path = $1", path, key, bytes)
        return subtract(found)
    }

    package func forgetStored(_ path: String) throws -> [StoredChange] {
        // All paths beneath `path` are between PATH/ and PATH0, because "0" follows "/" in the order of bytes.
        subtract(
            try changed(
                """
                WITH gone AS (
                    DELETE FROM apus.stored_artifacts
                    WHERE path = $1 OR path > $1 || '/' AND path < $1 || '0'
                    RETURNING owner, bytes
                )
                SELECT owner, sum(bytes)::bigint, count(*) FROM gone GROUP BY owner
                """,
                path
            )
        )
    }

    /// Subtracts artifacts that are no longer stored from the sums of their owners.
    ///
    /// - Parameter rows: the keys of owners, with the bytes and the number of the artifacts.
    private func subtract(_ rows: PostgresRows) -> [StoredChange] {
        rows.map { row in
            let owner = StorageOwner(key: row.string(0))
            storage.add(owner, bytes: -row.int64(1), files: -row.int64(2))
            return StoredChange(owner: owner, bytes: -row.int64(1))
        }
    }

    // MARK: Runs

    /// Adds a new run to the sums of the client, unless the client has no identity or this server records no owners.
    func countOwnRun() {
        if hasAccessTables, let owner = caller.owner { storage.add(owner, runs: 1) }
    }

    /// Records the client as the owner of new runs that `countOwnRun` has counted.
    ///
    /// - Parameter mayHaveOldOwners: whether `run_owners` may contain rows with these ids already, because MLflow's tools, such as
    ///   `mlflow gc`, remove a run but not its row there.
    func recordOwner(ofRuns ids: [String], mayHaveOldOwners: Bool) throws {
        guard hasAccessTables, !ids.isEmpty, let owner = caller.owner else { return }
        if mayHaveOldOwners { try forgetOwners(ofRuns: ids) }
        try change("INSERT INTO apus.run_owners (run_uuid, owner) SELECT unnest($1::text[]), $2", ids, owner.key)
    }

    /// Removes the owners of runs, so that the runs no longer count for them.
    func forgetOwners(ofRuns ids: [String]) throws {
        guard hasAccessTables, !ids.isEmpty else { return }
        let query = """
            WITH gone AS (DELETE FROM apus.run_owners WHERE run_uuid = ANY($1) RETURNING owner)
            SELECT owner, count(*) FROM gone GROUP BY owner
            """
        try changed(query, ids).forEach { row in storage.add(StorageOwner(key: row.string(0)), runs: -row.int64(1)) }
    }

    package func runCount(of owner: StorageOwner, checkedFrom limit: Int64) throws -> Int64 {
        let count = try storedRunCount(of: owner) + (storage.changes[owner]?.runs ?? 0)
        guard count >= limit, !checkedQuotas.isRecent(owner) else { return count }
        // MLflow's own tools, such as `mlflow gc`, remove runs permanently without updating these tables.
        let removedRuns = "owner = $1 AND NOT EXISTS (SELECT FROM runs WHERE runs.run_uuid = run_owners.run_uuid)"
        let query = "SELECT count(*) FROM apus.run_owners WHERE \(removedRuns)"
        let removedCount = try rows(query, owner.key).first { $0.int64(0) } ?? 0
        guard removedCount > 0 else {
            checkedQuotas.record(owner)
            return count
        }
        let removed = Int64(try changed("DELETE FROM apus.run_owners WHERE \(removedRuns)", owner.key).affectedCount)
        storage.add(owner, runs: -removed)
        return count - removed
    }

    private func storedRunCount(of owner: StorageOwner) throws -> Int64 {
        if let count = storage.storedRunCounts[owner] { return count }
        let found = try rows("SELECT runs FROM apus.storage_owners WHERE key = $1", owner.key).first { $0.int64(0) }
        storage.storedRunCounts[owner] = found ?? 0
        return found ?? 0
    }

    package func countRun(ifBelow limit: Int64) throws -> Bool {
        if try storedTotalRunCount() + storage.runCountChange >= limit {
            // All runs are counted again only before this transaction adds runs. A later count would leave out imported runs that
            // are not sent yet, and contain those that are sent, which `runCountChange` counts too.
            guard storage.runCountChange == 0, !checkedQuotas.isRecent(nil) else { return false }
            guard try rows("SELECT count(*) FROM runs").first({ $0.int64(0) }) ?? 0 < limit else {
                // nil stands for the quota of all owners together.
                checkedQuotas.record(nil)
                return false
            }
            guard try countRunsAgain() < limit else { return false }
        }
        storage.runCountChange += 1
        return true
    }

    /// The milliseconds after which all runs are counted again, because MLflow's own programs on the same database add and remove
    /// runs without updating the stored number.
    private static let recountInterval: Int64 = 60_000

    private func storedTotalRunCount() throws -> Int64 {
        if let count = storage.storedTotalRunCount { return count }
        let found = try rows("SELECT runs, counted_time FROM apus.run_count")
            .first { (runs: $0.optionalInt64(0), time: $0.int64(1)) }
        if let found, let runs = found.runs, currentMilliseconds() - found.time < Self.recountInterval {
            storage.storedTotalRunCount = runs
            return runs
        }
        return try countRunsAgain()
    }

    /// Counts all runs and stores their number.
    ///
    /// The count does not contain runs in open transactions of other servers. Those servers add such runs to the number after
    /// this transaction, which locks the row of the number before it counts, and keeps it locked until its own end.
    private func countRunsAgain() throws -> Int64 {
        _ = try rows("SELECT runs FROM apus.run_count FOR UPDATE")
        let update = "UPDATE apus.run_count SET runs = (SELECT count(*) FROM runs), counted_time = $1 RETURNING runs"
        let count = try changed(update, currentMilliseconds()).first { $0.int64(0) }
        storage.storedTotalRunCount = count
        return count ?? 0
    }

    // MARK: The end of the transaction

    /// Adds the changes by the transaction to the stored sums: the number of all runs, and the bytes, files and runs of each
    /// owner.
    ///
    /// - Throws: `PostgresError.changedByAnotherServer` if a limit is exceeded because another server has added runs meanwhile.
    func flushStorage() throws {
        guard !storage.isEmpty else { return }
        if storage.runCountChange != 0 {
            let update = "UPDATE apus.run_count SET runs = runs + $1::bigint RETURNING runs"
            let count = try changed(update, storage.runCountChange).first { $0.int64(0) }
            if let limit = runQuota.server, storage.runCountChange > 0, count ?? 0 > limit {
                throw PostgresError.changedByAnotherServer
            }
        }
        guard !storage.changes.isEmpty else { return }
        storage.sums = try changed(
            """
            INSERT INTO apus.storage_owners AS stored (key, bytes, files, runs, version)
            SELECT *, 1 FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS new (key, bytes, files, runs)
            ORDER BY new.key COLLATE "C"
            ON CONFLICT (key) DO UPDATE
            SET bytes = stored.bytes + excluded.bytes, files = stored.files + excluded.files,
                runs = stored.runs + excluded.runs, version = stored.version + 1
            RETURNING \(StorageUse.columns)
            """,
            values: columns(
                of: storage.changes.map { owner, change in
                    [.text(owner?.key ?? ""), .integer(change.bytes), .integer(change.files), .integer(change.runs)]
                }
            )
        ).map { StorageUse(row: $0) }
        guard let limit = runQuota.client else { return }
        for use in storage.sums where use.owner != nil && use.runs > limit {
            if storage.changes[use.owner]?.runs ?? 0 > 0 { throw PostgresError.changedByAnotherServer }
        }
    }

    /// Passes the sums that the transaction has written to this server's quotas; called after the commit and before the answers.
    func announceStorage() { storageUseChanges.announce(storage.sums) }
}

extension PostgresReadSession {
    package func storageUse(checksRuns: Bool) throws -> [StorageUse] {
        guard hasAccessTables else { throw TrackingError.withoutOwnTables }
        let usesQuery = "SELECT \(StorageUse.columns) FROM apus.storage_owners ORDER BY key"
        let uses = try rows(usesQuery).map { StorageUse(row: $0) }
        guard checksRuns else { return uses }
        // MLflow's own tools, such as `mlflow gc`, remove runs permanently without updating these tables.
        var runs: [StorageOwner: Int64] = [:]
        let runOwnersQuery = """
            SELECT owned.owner, count(*) FROM apus.run_owners AS owned JOIN runs ON runs.run_uuid = owned.run_uuid
            GROUP BY owned.owner
            """
        try rows(runOwnersQuery).forEach { row in
            if let owner = StorageOwner(key: row.string(0)) { runs[owner] = row.int64(1) }
        }
        return uses.map { use in
            var use = use
            use.runs = use.owner.flatMap { runs[$0] } ?? 0
            return use
        }
    }
}

extension StorageUse {
    /// The columns of `apus.storage_owners` for `init(row:)`, in its order.
    fileprivate static let columns = "key, bytes, files, runs, version"

    fileprivate init(row: PostgresRow) {
        self.init(owner: StorageOwner(key: row.string(0)))
        artifactBytes = row.int64(1)
        artifacts = row.int64(2)
        runs = row.int64(3)
        version = row.int64(4)
    }
}

extension PostgresError {
    /// Another server has changed what the transaction has read, so the transaction must be repeated.
    fileprivate static let changedByAnotherServer = PostgresError(
        State(rawValue: "40001"),
        "another server has changed the stored sums meanwhile"
    )
}
