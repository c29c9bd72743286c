internal import SQLite
package import Tracking

extension WriteSession: StorageCounting {
    package func recordStored(_ path: String, by owner: StorageOwner?, bytes: Int64) throws -> [StoredChange] {
        let decreases = try decreases(at: path)
        let owner = try ownerRow(owner)
        // `INSERT OR REPLACE` would delete the old row without running the trigger that subtracts its bytes from the owner's sum.
        if !decreases.isEmpty { try connection.run("DELETE FROM stored_artifacts WHERE path = ?1", path) }
        try connection.run(
            "INSERT INTO stored_artifacts (path, owner_id, bytes) VALUES (?1, ?2, ?3)",
            values: [path, owner, bytes]
        )
        return decreases
    }

    package func forgetStored(_ path: String) throws -> [StoredChange] {
        let decreases = try decreases(at: path) + decreases(beneath: path)
        guard !decreases.isEmpty else { return [] }
        try connection.run("DELETE FROM stored_artifacts WHERE path = ?1", path)
        try connection.run("DELETE FROM stored_artifacts WHERE path > ?1 || '/' AND path < ?1 || '0'", path)
        return decreases
    }

    /// Returns by how much the bytes of an artifact's owner decrease when the artifact is removed; empty if there is none.
    private func decreases(at path: String) throws -> [StoredChange] {
        try connection.query(
            """
            SELECT owner.key, artifact.bytes
            FROM stored_artifacts AS artifact
            JOIN storage_owners AS owner ON owner.id = artifact.owner_id
            WHERE artifact.path = ?1
            """,
            path
        ).map { StoredChange(row: $0) }
    }

    /// Returns by how much each owner's bytes decrease when all artifacts beneath a folder are removed.
    ///
    /// The paths beneath the folder are those between `PATH/` and `PATH0`, because `0` follows `/` in the order of bytes.
    private func decreases(beneath path: String) throws -> [StoredChange] {
        try connection.query(
            """
            SELECT owner.key, sum(artifact.bytes)
            FROM stored_artifacts AS artifact
            JOIN storage_owners AS owner ON owner.id = artifact.owner_id
            WHERE artifact.path > ?1 || '/' AND artifact.path < ?1 || '0'
            GROUP BY owner.id
            """,
            path
        ).map { StoredChange(row: $0) }
    }

    /// Returns the row id of an owner; inserts the row if the owner is new.
    ///
    /// - Parameter owner: nil for artifacts without an owner.
    private func ownerRow(_ owner: StorageOwner?) throws -> Int64 {
        let key = owner?.key ?? ""
        let select = try connection.query("SELECT id FROM storage_owners WHERE key = ?1", key)
        if let row = try select.firstRow({ $0.int64(0) }) { return row }
        try connection.run("INSERT INTO storage_owners (key) VALUES (?1)", key)
        return connection.lastInsertRowID
    }

    /// The stored count is exact, because triggers maintain it, so it needs no check.
    package func runCount(of owner: StorageOwner, checkedFrom _: Int64) throws -> Int64 {
        let select = try connection.query("SELECT runs FROM storage_owners WHERE key = ?1", owner.key)
        return try select.firstRow { $0.int64(0) } ?? 0
    }

    package func countRun(ifBelow limit: Int64) throws -> Bool {
        // Counting all runs takes time. After a count, as many runs as the limit then allowed are created without another count.
        if runsLeft <= 0 {
            runsLeft = limit - (try connection.firstInt64(of: "SELECT count(*) FROM runs") ?? 0)
            guard runsLeft > 0 else { return false }
        }
        runsLeft -= 1
        return true
    }

    /// Records the owner of a new run (`Caller.owner`); does nothing if there is none.
    func recordOwner(ofRun row: Int64) throws {
        guard let owner = caller.owner else { return }
        try connection.run("INSERT INTO run_owners (run_id, owner_id) VALUES (?1, ?2)", row, try ownerRow(owner))
    }

    /// Records an artifact that was copied into the artifact root without an upload, unless it is already recorded with
    /// the same size.
    package func noteStored(_ path: String, bytes: Int64) throws {
        let recorded = try connection.query("SELECT bytes FROM stored_artifacts WHERE path = ?1", path)
            .firstRow { $0.int64(0) }
        if recorded != bytes { _ = try recordStored(path, by: nil, bytes: bytes) }
    }
}

extension ReadSession {
    /// The stored sums are exact, because triggers maintain them, so they need no check.
    package func storageUse(checksRuns _: Bool) throws -> [StorageUse] {
        try connection.query("SELECT key, bytes, files, runs FROM storage_owners ORDER BY key").map { row in
            var use = StorageUse(owner: StorageOwner(key: row.string(0)))
            use.artifactBytes = row.int64(1)
            use.artifacts = row.int64(2)
            use.runs = row.int64(3)
            return use
        }
    }
}

extension StoredChange {
    /// Reads an owner's key and a number of bytes; the change is a decrease by this number.
    fileprivate init(row: Statement) { self.init(owner: StorageOwner(key: row.string(0)), bytes: -row.int64(1)) }
}
