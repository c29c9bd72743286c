internal import SQLite
package import Tracking

extension WriteSession {
    /// Updates the stored artifacts and their owners after an upload or deletion.
    ///
    /// - Returns: by how many bytes each owner's sum has changed. An owner may occur more than once.
    func countStored(_ event: ArtifactEvent) throws -> [StoredChange] {
        switch event.kind {
        case .upload:
            let replaced = try storedChanges(at: event.path)
            let owner = try ownerRow(event.owner)
            // REPLACE would not run the trigger for deletions.
            if !replaced.isEmpty { try connection.run("DELETE FROM stored_artifacts WHERE path = ?1", event.path) }
            try connection.run(
                "INSERT INTO stored_artifacts (path, owner_id, bytes) VALUES (?1, ?2, ?3)",
                event.path,
                owner,
                event.bytes
            )
            return replaced + [StoredChange(owner: event.owner, bytes: event.bytes)]
        case .deletion:
            guard !event.isPartial else { return [] }
            let removed = try storedChanges(at: event.path) + storedChanges(beneath: event.path)
            guard !removed.isEmpty else { return [] }
            try connection.run("DELETE FROM stored_artifacts WHERE path = ?1", event.path)
            try connection.run(
                "DELETE FROM stored_artifacts WHERE path > ?1 || '/' AND path < ?1 || '0'",
                event.path
            )
            return removed
        }
    }

    private func storedChanges(at path: String) throws -> [StoredChange] {
        try connection.query(
            """
            SELECT owner.name, artifact.bytes
            FROM stored_artifacts AS artifact
            JOIN storage_owners AS owner ON owner.id = artifact.owner_id
            WHERE artifact.path = ?1
            """,
            path
        ).map { StoredChange(row: $0) }
    }

    /// Returns the changes if all artifacts beneath a folder are removed.
    ///
    /// The character after "/" in the order of bytes is "0".
    private func storedChanges(beneath path: String) throws -> [StoredChange] {
        try connection.query(
            """
            SELECT owner.name, sum(artifact.bytes)
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
    /// - Parameter name: nil for artifacts without an owner.
    private func ownerRow(_ name: String?) throws -> Int64 {
        let name = name ?? ""
        let select = try connection.query("SELECT id FROM storage_owners WHERE name = ?1", name)
        if let row = try select.firstRow({ $0.int64(0) }) { return row }
        try connection.run("INSERT INTO storage_owners (name) VALUES (?1)", name)
        return connection.lastInsertRowID
    }

    /// Throws `.quotaSpent` if the quota for runs of the client or of the server does not allow a further run.
    ///
    /// Counts the new run, so call this function once for each run.
    func requireRoomForRun() throws {
        if let limit = runQuota.client, let owner = caller.owner {
            let select = try connection.query("SELECT runs FROM storage_owners WHERE name = ?1", owner)
            guard try select.firstRow({ $0.int64(0) }) ?? 0 < limit else {
                throw TrackingError.runQuotaSpent(of: owner, limit)
            }
        }
        if let limit = runQuota.server {
            // Counting all runs takes time, so it is done again only when all runs that were left have been created.
            if runsLeft <= 0 {
                runsLeft = limit - (try connection.firstInt64(of: "SELECT count(*) FROM runs") ?? 0)
                guard runsLeft > 0 else { throw TrackingError.serverRunQuotaSpent(limit) }
            }
            runsLeft -= 1
        }
    }

    /// Records the client as the owner of a new run, unless the client has no identity.
    func recordOwner(ofRun row: Int64) throws {
        guard let owner = caller.owner else { return }
        try connection.run("INSERT INTO run_owners (run_id, owner_id) VALUES (?1, ?2)", row, try ownerRow(owner))
    }

    /// Records that no artifact is stored at a path or beneath it.
    ///
    /// Meant for a deletion that finds nothing to delete, because an earlier deletion was interrupted before it was
    /// recorded.
    package func forgetStored(_ path: String) throws -> [StoredChange] {
        try countStored(ArtifactEvent(kind: .deletion, path: path, runID: nil, bytes: 0, microseconds: 0))
    }

    /// Records an artifact that was copied into the artifact root without an upload, unless it is already recorded with
    /// the same size.
    package func noteStored(_ path: String, bytes: Int64) throws {
        let known = try connection.query("SELECT bytes FROM stored_artifacts WHERE path = ?1", path)
            .firstRow { $0.int64(0) }
        guard known != bytes else { return }
        var event = ArtifactEvent(kind: .upload, path: path, runID: nil, bytes: bytes, microseconds: 0)
        event.owner = nil
        _ = try countStored(event)
    }
}

extension ReadSession {
    /// Returns what each owner has stored, by name; artifacts and runs without an owner come first.
    package func storageUse() throws -> [StorageUse] {
        try connection.query("SELECT name, bytes, files, runs FROM storage_owners ORDER BY name").map { row in
            let name = row.string(0)
            var use = StorageUse(owner: name.isEmpty ? nil : name)
            use.artifactBytes = row.int64(1)
            use.artifacts = row.int64(2)
            use.runs = row.int64(3)
            return use
        }
    }
}

extension StoredChange {
    /// Reads an owner's name and a number of bytes that the owner no longer stores.
    fileprivate init(row: Statement) {
        let name = row.string(0)
        self.init(owner: name.isEmpty ? nil : name, bytes: -row.int64(1))
    }
}
