internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    /// Adds the objects of a request to the table of removals; from then on, they cannot be restored.
    ///
    /// If the request names ids, one call adds all of them or, if one of them must not be removed, none. If the request is for
    /// all deleted objects, several calls are necessary, so that other writes need not wait long; each call needs the position
    /// that the previous call has returned.
    /// - Parameter note: called for each object that this call adds.
    /// - Returns: the position for the next call, nil at the end; and the count of the deleted objects that are not removed.
    /// - Throws: `.resourceDoesNotExist` for an unknown id; `.invalidParameterValue` if an object in the request must
    ///   not be removed.
    package func beginRemoval(
        _ request: RemovalRequest,
        keeping inUse: ArtifactsInUse,
        from position: RemovalPosition,
        noting note: (RemovalKind, String) throws -> Void = { _, _ in }
    ) throws -> (next: RemovalPosition?, kept: RemovalCount) {
        var kept = RemovalCount()
        var inUse = inUse
        try connection.addNewVersions(to: &inUse)
        guard request.isForAllDeleted else {
            for candidate in try connection.namedCandidates(request, inUse) { try addRemoval(of: candidate, note) }
            return (nil, kept)
        }
        let part = try connection.deletedCandidates(position, limit: 1_000, request, inUse)
        for (candidate, _) in part.candidates {
            if let obstacle = candidate.obstacle(deletedBefore: request.deletedBefore) {
                kept.count(candidate, keptBy: obstacle)
            } else {
                try addRemoval(of: candidate, note)
            }
        }
        return (part.next, kept)
    }

    /// Removes about `limit` rows of the objects in the table of removals.
    ///
    /// - Returns: what this call has removed, and whether all rows are removed.
    package func removeRows(atMost limit: Int) throws -> (count: RemovalCount, isDone: Bool) {
        var work = RemovalWork(rowsLeft: limit)
        while work.rowsLeft > 0 {
            guard let next = try nextRemoval() else { return (work.count, true) }
            let isRemoved =
                switch next.kind {
                case .run: try removeRun(next.id, &work)
                case .loggedModel: try removeLoggedModel(next.id, &work)
                case .experiment: try removeExperiment(next.id, &work)
                }
            // Each run, model or experiment counts as 20 rows, because removing one takes time even if it has no rows.
            work.rowsLeft -= 20
            guard isRemoved else { continue }
            try connection.run("UPDATE removals SET is_without_rows = 1 WHERE id = ?1", next.row)
        }
        return (work.count, false)
    }

    /// Deletes objects from the table of removals, because their files are removed.
    package func endRemoval(rows: [Int64]) throws {
        try connection.run("DELETE FROM removals WHERE id IN (SELECT value FROM json_each(?1))", jsonArray(rows))
    }

    package func trimArtifactJournal(before time: Int64, limit: Int) throws -> Int {
        try connection.run(
            """
            DELETE FROM artifact_journal
            WHERE id IN (SELECT id FROM artifact_journal WHERE time < ?1 ORDER BY time LIMIT ?2)
            """,
            values: [time, limit]
        )
        return connection.changes
    }

    /// Throws if a run, logged model or experiment is in the table of removals.
    func requireNotBeingRemoved(_ kind: RemovalKind, _ id: String) throws {
        let isListed = try connection.query("SELECT 1 FROM removals WHERE kind = ?1 AND owner = ?2", kind.rawValue, id)
            .firstRow { _ in true }
        if isListed == true { throw TrackingError.beingRemoved(kind, id) }
    }

    /// Throws if the artifacts at one of the locations belong to a run or logged model that is being removed: it or its
    /// experiment is in the table of removals.
    func requireNotBeingRemoved(artifactsAt locations: [String]) throws {
        guard try connection.query("SELECT 1 FROM removals LIMIT 1").firstRow({ _ in true }) == true else { return }
        let experiments = "(SELECT CAST(owner AS INTEGER) FROM removals WHERE kind = 2)"
        for id in ArtifactFolders.possibleOwners(in: locations) {
            let kind = try connection.query(
                """
                SELECT kind FROM removals WHERE kind < 2 AND owner = ?1
                UNION ALL
                SELECT 0 FROM runs WHERE run_id = ?1 AND experiment_id IN \(experiments)
                UNION ALL
                SELECT 1 FROM logged_models WHERE model_id = ?1 AND experiment_id IN \(experiments)
                LIMIT 1
                """,
                id
            ).firstRow { RemovalKind(rawValue: $0.int64(0)) ?? .run }
            if let kind { throw TrackingError.artifactsBeingRemoved(kind, id) }
        }
    }

    /// Adds a candidate to the table of removals, and calls `note` unless it was already there.
    private func addRemoval(of candidate: RemovalCandidate, _ note: (RemovalKind, String) throws -> Void) throws {
        try connection.run(
            "INSERT OR IGNORE INTO removals (kind, owner, location) VALUES (?1, ?2, ?3)",
            values: [candidate.kind.rawValue, candidate.id, candidate.location]
        )
        if connection.changes > 0 { try note(candidate.kind, candidate.id) }
    }

    private func nextRemoval() throws -> PendingFolderRemoval? {
        try connection.query(
            "SELECT id, kind, owner FROM removals WHERE is_without_rows = 0 ORDER BY kind, id LIMIT 1"
        ).firstRow { row in
            let kind = RemovalKind(rawValue: row.int64(1)) ?? .run
            return PendingFolderRemoval(kind, row.string(2), at: "", row: row.int64(0))
        }
    }
}

/// The limit of one call of `removeRows`, and the count of what it has removed.
private struct RemovalWork {
    /// The number of rows that the call may still remove.
    var rowsLeft: Int
    var count = RemovalCount()
}

extension WriteSession {
    /// - Returns: whether the run is removed completely.
    private func removeRun(_ runID: String, _ work: inout RemovalWork) throws -> Bool {
        guard let row = try storedRun(runID, for: .delete)?.id else { return true }
        guard try removePoints(ofRun: row, &work), try removeModelPoints(ofRun: row, &work) else { return false }
        // The entries stay in the journal, because they record the paths. They no longer refer to the run, because a
        // new run may get the same row id.
        try runLimited(
            """
            UPDATE artifact_journal SET run_id = NULL
            WHERE id IN (SELECT id FROM artifact_journal WHERE run_id = ?1 LIMIT ?2)
            """,
            row,
            &work
        )
        guard work.rowsLeft > 0 else { return false }
        for statement in [
            "DELETE FROM latest_metrics WHERE run_id = ?1",
            "DELETE FROM params WHERE run_id = ?1",
            "DELETE FROM run_tags WHERE run_id = ?1",
            "DELETE FROM dataset_input_tags WHERE input_id IN (SELECT id FROM dataset_inputs WHERE run_id = ?1)",
            "DELETE FROM dataset_inputs WHERE run_id = ?1",
            "DELETE FROM model_inputs WHERE run_id = ?1",
            "DELETE FROM model_outputs WHERE run_id = ?1",
            """
            DELETE FROM forwarded_files
            WHERE upstream_id IN (SELECT id FROM upstreams) AND kind = 0
                AND owner = (SELECT run_id FROM runs WHERE id = ?1)
            """,
            // Foreign keys also delete what the journal of forwarding contains about the run.
            "DELETE FROM runs WHERE id = ?1",
        ] {
            try connection.run(statement, row)
            work.rowsLeft -= connection.changes
        }
        // A new run may get the same row id.
        forgetRun(runID)
        metricSummaries.removeAll()
        work.count.count(.run)
        return true
    }

    private func removePoints(ofRun row: Int64, _ work: inout RemovalWork) throws -> Bool {
        let columns = "key_id, timestamp, step, value, is_nan"
        // Deletes the points before the point with the index `work.rowsLeft`. Without such a point, all remaining points
        // may be deleted at once.
        try connection.run(
            """
            DELETE FROM metrics
            WHERE run_id = ?1 AND (\(columns)) < (
                SELECT \(columns) FROM metrics WHERE run_id = ?1 ORDER BY \(columns) LIMIT 1 OFFSET ?2)
            """,
            values: [row, work.rowsLeft]
        )
        var removed = connection.changes
        let isLast = removed == 0
        if isLast {
            try connection.run("DELETE FROM metrics WHERE run_id = ?1", row)
            removed = connection.changes
        }
        work.rowsLeft -= removed
        work.count.points += Int64(removed)
        return isLast && work.rowsLeft > 0
    }

    /// Removes the points that a run has logged for models, and finds the latest remaining point of each metric.
    private func removeModelPoints(ofRun row: Int64, _ work: inout RemovalWork) throws -> Bool {
        try removeModelPoints(where: "run_id", is: row, &work)
        guard work.rowsLeft > 0 else { return false }
        let outdated = try connection.query(
            "SELECT model_id, key_id, scope_id FROM latest_model_metrics WHERE run_id = ?1 LIMIT ?2",
            values: [row, work.rowsLeft]
        ).map { (model: $0.int64(0), key: $0.int64(1), scope: $0.int64(2)) }
        for (model, key, scope) in outdated {
            try connection.run(
                "DELETE FROM latest_model_metrics WHERE model_id = ?1 AND key_id = ?2 AND scope_id = ?3",
                values: [model, key, scope]
            )
            try connection.run(LatestModelMetric.insertion, model, key, scope)
        }
        work.rowsLeft -= outdated.count
        return work.rowsLeft > 0
    }

    private func removeModelPoints(where column: String, is row: Int64, _ work: inout RemovalWork) throws {
        try runLimited(
            """
            DELETE FROM model_metrics
            WHERE (model_id, key_id, timestamp, step, run_id, dataset_id, value) IN (
                SELECT model_id, key_id, timestamp, step, run_id, dataset_id, value
                FROM model_metrics WHERE \(column) = ?1 LIMIT ?2)
            """,
            row,
            &work
        )
    }

    private func removeLoggedModel(_ modelID: String, _ work: inout RemovalWork) throws -> Bool {
        guard let row = try visibleLoggedModelRow(modelID, for: .delete) else { return true }
        try removeModelPoints(where: "model_id", is: row, &work)
        guard work.rowsLeft > 0 else { return false }
        for statement in [
            "DELETE FROM latest_model_metrics WHERE model_id = ?1",
            "DELETE FROM logged_model_params WHERE model_id = ?1",
            "DELETE FROM logged_model_tags WHERE model_id = ?1",
            "DELETE FROM logged_models WHERE id = ?1",
        ] {
            try connection.run(statement, row)
            work.rowsLeft -= connection.changes
        }
        work.count.count(.loggedModel)
        return true
    }

    /// Adds the runs and models of an experiment to the table of removals, and removes the experiment when it is empty.
    private func removeExperiment(_ text: String, _ work: inout RemovalWork) throws -> Bool {
        guard let id = Int64(text) else { return true }
        try runLimited(
            """
            INSERT OR IGNORE INTO removals (kind, owner, location)
            SELECT 0, run_id, artifact_uri FROM runs WHERE experiment_id = ?1 LIMIT ?2
            """,
            id,
            &work
        )
        try runLimited(
            """
            INSERT OR IGNORE INTO removals (kind, owner, location)
            SELECT 1, model_id, artifact_uri FROM logged_models WHERE experiment_id = ?1 LIMIT ?2
            """,
            id,
            &work
        )
        let isEmpty =
            try connection.query(
                """
                SELECT NOT EXISTS (SELECT 1 FROM runs WHERE experiment_id = ?1)
                    AND NOT EXISTS (SELECT 1 FROM logged_models WHERE experiment_id = ?1)
                """,
                id
            ).firstRow { $0.bool(0) } ?? false
        guard isEmpty, work.rowsLeft > 0 else { return false }
        try connection.run(
            """
            INSERT INTO removed_experiments (id, highest)
            SELECT 1, id FROM experiments WHERE id = ?1
            ON CONFLICT (id) DO UPDATE SET highest = max(highest, excluded.highest)
            """,
            id
        )
        for statement in [
            "DELETE FROM experiment_tags WHERE experiment_id = ?1",
            "DELETE FROM datasets WHERE experiment_id = ?1",
            "DELETE FROM experiments WHERE id = ?1",
        ] {
            try connection.run(statement, id)
            work.rowsLeft -= connection.changes
        }
        noteChange(ofUser: nil)
        work.count.count(.experiment)
        return true
    }

    /// Runs a statement that changes at most `work.rowsLeft` rows; `?1` is the row id and `?2` the limit.
    private func runLimited(_ sql: String, _ row: Int64, _ work: inout RemovalWork) throws {
        guard work.rowsLeft > 0 else { return }
        try connection.run(sql, row, work.rowsLeft)
        work.rowsLeft -= connection.changes
    }
}

/// SQL for the latest point of a model's metric in a scope, in the order of `ModelMetricPoint.supersedes`.
enum LatestModelMetric {
    /// Selects the row of `latest_model_metrics` for a model (?1), a key (?2) and a scope (?3).
    static let selection = """
        SELECT point.model_id, point.key_id, ?3 AS scope_id, point.value, point.timestamp, point.step, point.run_id
        FROM model_metrics AS point
        CROSS JOIN runs ON runs.id = point.run_id
        WHERE point.model_id = ?1 AND point.key_id = ?2 AND (?3 = 0 OR point.dataset_id IN (
            SELECT dataset.id
            FROM metric_datasets AS scope
            CROSS JOIN metric_datasets AS dataset
            WHERE scope.id = ?3 AND scope.name IN (dataset.name, '') AND scope.digest IN (dataset.digest, '')))
        ORDER BY point.timestamp DESC, point.step DESC, runs.run_id, point.value DESC
        LIMIT 1
        """

    static let insertion = """
        INSERT INTO latest_model_metrics (model_id, key_id, scope_id, value, timestamp, step, run_id)
        \(selection)
        """
}
