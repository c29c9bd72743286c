internal import PostgreSQL
package import Tracking

extension PostgresWriteSession: RemovalWriting {
    package func removePermanently(
        _ owner: PendingFolderRemoval,
        ofExperiment experimentID: Int64?,
        deletedBefore limit: Int64?,
        unless isInUse: (PendingFolderRemoval) throws -> Bool,
        removingFiles removeFiles: (PendingFolderRemoval) throws -> RemovedFiles
    ) throws -> RemovalCount? {
        // PostgreSQL would otherwise end the transaction if it is idle for too long while the files are removed.
        _ = try rows("SELECT set_config('idle_in_transaction_session_timeout', '6h', true)")
        guard let location = try lockedLocation(owner, experimentID, limit) else { return nil }
        var locked = owner
        locked.location = location
        // Checked under the lock: a transaction that makes a version of the object locks the row until its commit (`lockOwners`).
        guard try !isInUse(locked) else { return nil }
        let files = try removeFiles(locked)
        renewDeadline()
        expectLongStatements()
        var count = RemovalCount()
        switch owner.kind {
        case .run: count.points = try removeRun(owner.id)
        case .loggedModel: try removeLoggedModel(owner.id)
        case .experiment: try removeExperiment(Int64(owner.id) ?? -1)
        }
        count.count(owner.kind)
        if hasAccessTables {
            if let event = files.event {
                try add(event)
            } else if let path = files.path {
                _ = try forgetStored(path)
            }
        }
        return count
    }

    /// Locks the row of an object; returns the location of its artifacts, or nil if the object must not be removed.
    private func lockedLocation(
        _ owner: PendingFolderRemoval,
        _ experimentID: Int64?,
        _ limit: Int64?
    ) throws -> String? {
        if let experimentID {
            // FOR SHARE keeps others from restoring the experiment before the commit.
            let experiment =
                "SELECT 1 FROM experiments WHERE experiment_id = $1::bigint AND lifecycle_stage = 'deleted'"
            guard try rows("\(experiment) FOR SHARE", experimentID).count > 0 else { return nil }
        }
        guard
            let candidate = try rows("\(owner.kind.selection) WHERE \(owner.kind.id) = $1 FOR UPDATE", owner.id)
                .first({ RemovalCandidate(owner.kind, $0) })
        else { return nil }
        if let experimentID {
            // All models of a deleted experiment are removed with it, deleted or not; a run that was restored stays.
            let query = "SELECT 1 FROM \(owner.kind.table) WHERE \(owner.kind.id) = $1 AND experiment_id = $2::bigint"
            guard try rows(query, owner.id, experimentID).count > 0 else { return nil }
            return owner.kind == .loggedModel || candidate.stage == .deleted ? candidate.location : nil
        }
        if candidate.kind == .experiment {
            let contentsQuery = """
                SELECT 1 FROM runs WHERE experiment_id = $1::bigint
                UNION ALL
                SELECT 1 FROM logged_models WHERE experiment_id = $1::bigint
                LIMIT 1
                """
            let contents = try rows(contentsQuery, Int64(owner.id) ?? -1)
            guard contents.count == 0 else { return nil }
        }
        return candidate.obstacle(deletedBefore: limit) == nil ? candidate.location : nil
    }

    /// - Returns: the number of points that were removed.
    private func removeRun(_ id: String) throws -> Int64 {
        let points = try changed("DELETE FROM metrics WHERE run_uuid = $1", id).affectedCount
        for statement in [
            "DELETE FROM latest_metrics WHERE run_uuid = $1",
            "DELETE FROM params WHERE run_uuid = $1",
            "DELETE FROM tags WHERE run_uuid = $1",
            "DELETE FROM input_tags WHERE input_uuid IN (SELECT input_uuid FROM inputs WHERE \(Self.linksOfRun))",
            "DELETE FROM inputs WHERE \(Self.linksOfRun)",
            "DELETE FROM logged_model_metrics WHERE run_id = $1",
            "DELETE FROM runs WHERE run_uuid = $1",
        ] {
            try change(statement, id)
        }
        if runQuota.server != nil { storage.runCountChange -= 1 }
        if hasAccessTables {
            try forgetOwners(ofRuns: [id])
            // The entries remain in the journal, because they record the paths, but without the id, which another run may get.
            try change("UPDATE apus.artifact_journal SET run_uuid = NULL WHERE run_uuid = $1", id)
        }
        return Int64(points)
    }

    /// The condition for the links of a run to its datasets, input models and output models.
    private static let linksOfRun = """
        destination_type = 'RUN' AND destination_id = $1 OR source_type IN ('RUN_INPUT', 'RUN_OUTPUT') AND source_id = $1
        """

    private func removeLoggedModel(_ id: String) throws {
        for table in ["logged_model_metrics", "logged_model_params", "logged_model_tags", "logged_models"] {
            try change("DELETE FROM \(table) WHERE model_id = $1", id)
        }
    }

    /// Removes an experiment, which has no runs and models any more, and whatever else MLflow's servers have stored in it.
    private func removeExperiment(_ id: Int64) throws {
        for table in ["experiment_tags", "datasets", "experiments"] {
            try change("DELETE FROM \(table) WHERE experiment_id = $1::bigint", id)
        }
        experiments[id] = nil
        try removePermissions(onExperiment: id)
    }
}
