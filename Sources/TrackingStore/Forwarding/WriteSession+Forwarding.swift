internal import Identities
internal import SQLite
internal import Tracking

extension WriteSession {
    /// Returns the id of an upstream in the journal of forwarding; adds the upstream if it is new.
    package func upstreamID(for uri: String) throws -> Int64 {
        try connection.run("INSERT OR IGNORE INTO upstreams (uri) VALUES (?1)", uri)
        guard let id = try connection.query("SELECT id FROM upstreams WHERE uri = ?1", uri).firstRow({ $0.int64(0) })
        else { throw StoreCorruption("the upstream that was just added is missing") }
        return id
    }

    /// Records which kind of server an upstream is.
    package func noteKind(_ kind: String, upstream: Int64) throws {
        try connection.run("UPDATE upstreams SET kind = ?2 WHERE id = ?1", upstream, kind)
    }

    /// Records what an upstream may have of each run after the next request to it; called before that request.
    ///
    /// Leaves out runs that were removed meanwhile.
    /// - Parameter attempts: the row id of each run, and the new value of `ForwardedRunJournal.sentContent`.
    package func noteAttempts(_ attempts: [(row: Int64, sent: String)], upstream: Int64) throws {
        for attempt in attempts {
            try connection.run(
                """
                INSERT INTO forwarded_runs (run_id, upstream_id, sent) SELECT id, ?2, ?3 FROM runs WHERE id = ?1
                ON CONFLICT (run_id, upstream_id) DO UPDATE SET sent = excluded.sent
                """,
                values: [attempt.row, upstream, attempt.sent]
            )
        }
    }

    /// Forgets what was sent of the runs whose row ids are greater than `row`; excluded runs stay excluded.
    ///
    /// - Returns: the row id of the last run that was forgotten; nil if there was none.
    package func forgetForwardedRuns(after row: Int64, limit: Int, upstream: Int64) throws -> Int64? {
        let rows = try connection.query(
            "SELECT run_id FROM forwarded_runs WHERE upstream_id = ?1 AND run_id > ?2 ORDER BY run_id LIMIT ?3",
            values: [upstream, row, limit]
        ).map { $0.int64(0) }
        let list = jsonArray(rows)
        try connection.run(
            """
            DELETE FROM forwarded_points
            WHERE upstream_id = ?1 AND run_id IN (SELECT value FROM json_each(?2))
            """,
            values: [upstream, list]
        )
        try connection.run(
            """
            DELETE FROM forwarded_files WHERE upstream_id = ?1 AND kind = 0
                AND owner IN (SELECT run_id FROM runs WHERE id IN (SELECT value FROM json_each(?2)))
            """,
            values: [upstream, list]
        )
        try connection.run(
            """
            UPDATE forwarded_runs SET target = NULL, sent = '', sent_time = NULL, artifact_entry = NULL, failure = NULL
            WHERE upstream_id = ?1 AND run_id IN (SELECT value FROM json_each(?2))
            """,
            values: [upstream, list]
        )
        return rows.last
    }

    /// Forgets which experiments, models, versions and files were sent to an upstream, and forgets all its omissions.
    package func forgetForwardedThings(upstream: Int64) throws {
        for table in ["forwarded_things", "forwarded_files", "forward_omissions"] {
            try connection.run("DELETE FROM \(table) WHERE upstream_id = ?1", upstream)
        }
    }

    /// Records what an upstream has confirmed; leaves out runs that were removed meanwhile.
    package func note(_ updates: [ForwardedRunUpdate], upstream: Int64) throws {
        for update in updates { try note(update, upstream: upstream) }
    }

    private func note(_ update: ForwardedRunUpdate, upstream: Int64) throws {
        let journal = update.journal
        try connection.run(
            """
            INSERT INTO forwarded_runs
                (run_id, upstream_id, target, sent, sent_time, artifact_entry, failure, is_skipped)
            SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM runs WHERE id = ?1
            ON CONFLICT (run_id, upstream_id) DO UPDATE SET
                target = excluded.target, sent = excluded.sent, sent_time = excluded.sent_time,
                artifact_entry = excluded.artifact_entry, failure = excluded.failure
            """,
            values: [
                update.row, upstream, journal.remoteID, journal.sentContent, journal.sentTime,
                journal.comparedArtifactEntry, journal.failure, journal.isSkipped ? 1 : 0,
            ]
        )
        guard connection.changes > 0 else { return }
        if let sent = update.sentParts, !sent.parts.isEmpty {
            try endOmissions(of: sent.subject, sent.parts, upstream: upstream)
        }
        for series in update.series { try note(series, run: update.row, upstream: upstream) }
        for omission in update.omissions { try note(omission, upstream: upstream) }
    }

    private func note(_ series: ForwardedSeries, run: Int64, upstream: Int64) throws {
        guard let last = series.last else {
            try connection.run(
                "DELETE FROM forwarded_points WHERE run_id = ?1 AND upstream_id = ?2 AND key_id = ?3",
                values: [run, upstream, series.keyID]
            )
            return
        }
        try connection.run(
            """
            INSERT OR REPLACE INTO forwarded_points
                (run_id, upstream_id, key_id, point_count, timestamp, step, value, is_nan)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            values: [
                run, upstream, series.keyID, series.sentCount, last.timestamp, last.step, last.value,
                last.isNaN ? 1 : 0,
            ]
        )
    }

    /// Records an omission of an upstream; replaces an earlier reason for the same part.
    package func note(_ omission: ForwardOmission, upstream: Int64) throws {
        try connection.run(
            """
            INSERT OR REPLACE INTO forward_omissions (upstream_id, subject, part, reason, time)
            VALUES (?1, ?2, ?3, ?4, ?5)
            """,
            values: [upstream, omission.subject, omission.part, omission.reason, currentMilliseconds()]
        )
    }

    /// Deletes the omissions of some parts of a subject, because the upstream has these parts now.
    package func endOmissions(of subject: String, _ parts: [String], upstream: Int64) throws {
        try connection.run(
            """
            DELETE FROM forward_omissions
            WHERE upstream_id = ?1 AND subject = ?2 AND part IN (SELECT value FROM json_each(?3))
            """,
            values: [upstream, subject, jsonTexts(parts)]
        )
    }

    /// Deletes all omissions of a subject.
    package func forgetOmissions(of subject: String, upstream: Int64) throws {
        try connection.run("DELETE FROM forward_omissions WHERE upstream_id = ?1 AND subject = ?2", upstream, subject)
    }

    /// Deletes the omissions of a model, except for those of its files and those of an experiment with the same name.
    package func forgetOmissions(ofModel name: String, upstream: Int64) throws {
        try connection.run(
            """
            DELETE FROM forward_omissions
            WHERE upstream_id = ?1 AND subject = ?2 AND part NOT IN (?3, ?4) AND substr(part, 1, length(?5)) <> ?5
                AND substr(part, 1, 5) <> 'file '
            """,
            values: [
                upstream, name, ForwardOmission.experiment, ForwardOmission.files,
                ForwardOmission.part(ofExperimentTag: ""),
            ]
        )
    }

    /// Deletes the omissions of an experiment, except for those of a registered model with the same name.
    package func forgetOmissions(ofExperiment name: String, upstream: Int64) throws {
        try connection.run(
            """
            DELETE FROM forward_omissions
            WHERE upstream_id = ?1 AND subject = ?2 AND (part = ?3 OR substr(part, 1, length(?4)) = ?4)
            """,
            values: [upstream, name, ForwardOmission.experiment, ForwardOmission.part(ofExperimentTag: "")]
        )
    }

    /// Deletes the omissions of files of a run or model.
    package func forgetFileOmissions(of owner: String, upstream: Int64) throws {
        try connection.run(
            """
            DELETE FROM forward_omissions
            WHERE upstream_id = ?1 AND subject = ?2 AND (part = ?3 OR substr(part, 1, 5) = 'file ')
            """,
            values: [upstream, owner, ForwardOmission.files]
        )
    }

    /// Makes the forwarder send parts of some runs again.
    package func resend(_ runs: [ForwardedRunRetry], upstream: Int64) throws {
        for run in runs {
            if let sent = run.sentContent {
                try connection.run(
                    "UPDATE forwarded_runs SET sent = ?3 WHERE run_id = ?1 AND upstream_id = ?2",
                    values: [run.row, upstream, sent]
                )
            }
            try connection.run(
                """
                DELETE FROM forwarded_points
                WHERE run_id = ?1 AND upstream_id = ?2
                    AND key_id IN (SELECT id FROM keys WHERE name IN (SELECT value FROM json_each(?3)))
                """,
                values: [run.row, upstream, jsonTexts(run.metrics)]
            )
        }
    }

    /// Makes the forwarder send again those experiments, models and versions of which an upstream has refused a part.
    ///
    /// - Parameter subjects: ids of logged models, and names of registered models and experiments; nil for all.
    package func resendThings(_ subjects: [String]?, upstream: Int64) throws {
        let list = subjects.map { jsonTexts($0) }
        // In `forwarded_things`, an experiment is identified by its id; in `subjects`, by its name.
        let condition = """
            upstream_id = ?1 AND (?2 IS NULL OR name IN (SELECT value FROM json_each(?2))
                OR kind = 0 AND name IN (
                    SELECT CAST(id AS TEXT) FROM experiments WHERE experiments.name IN (SELECT value FROM json_each(?2))
                ))
            """
        // If an entity was sent and the answer was lost, the upstream may have the entity, so its row is kept. The forwarder
        // sends such an entity again in any case.
        let wasAsked = "digest LIKE '\(ForwardedEntity.unansweredPrefix)%'"
        try connection.run(
            "DELETE FROM forwarded_things WHERE target = '' AND NOT \(wasAsked) AND \(condition)",
            values: [upstream, list]
        )
        try connection.run(
            """
            UPDATE forwarded_things
            SET digest = CASE WHEN \(wasAsked) THEN digest ELSE '' END, failure = NULL, artifact_entry = NULL
            WHERE \(condition) AND (
                failure IS NOT NULL OR kind = 0
                OR name IN (
                    SELECT subject FROM forward_omissions WHERE upstream_id = ?1 AND substr(part, 1, length(?3)) <> ?3
                )
            )
            """,
            values: [upstream, list, ForwardOmission.renumberedVersionPrefix]
        )
    }

    /// Makes the forwarder send those runs again that an upstream has refused as a whole.
    package func forgetFailuresOfRuns(upstream: Int64) throws {
        try connection.run(
            "UPDATE forwarded_runs SET failure = NULL WHERE upstream_id = ?1 AND failure IS NOT NULL",
            upstream
        )
    }

    package func note(_ entity: ForwardedEntity, _ kind: ForwardedKind, _ name: String, upstream: Int64) throws {
        try connection.run(
            """
            INSERT OR REPLACE INTO forwarded_things (upstream_id, kind, name, target, digest, failure, artifact_entry)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            values: [
                upstream, kind.rawValue, name, entity.remoteID, entity.digest, entity.failure,
                entity.comparedArtifactEntry,
            ]
        )
    }

    package func note(_ file: ForwardedFile, of owner: ForwardedFileOwner, upstream: Int64) throws {
        try connection.run(
            """
            INSERT OR REPLACE INTO forwarded_files (upstream_id, kind, owner, path, bytes, version)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            values: [upstream, owner.kind, owner.id, file.path, file.bytes, file.version]
        )
        try endOmissions(of: owner.id, [ForwardOmission.part(ofFile: file.path)], upstream: upstream)
    }

    /// Records that all files of a run were compared with the sent files when `entry` was the newest entry of the artifact
    /// journal.
    package func noteFilesCompared(ofRun row: Int64, at entry: Int64, upstream: Int64) throws {
        try connection.run(
            "UPDATE forwarded_runs SET artifact_entry = ?3 WHERE run_id = ?1 AND upstream_id = ?2",
            values: [row, upstream, entry]
        )
    }

    /// Records that all files of a logged model were compared with the sent files when `entry` was the newest entry of the
    /// artifact journal.
    package func noteFilesCompared(ofModel id: String, at entry: Int64, upstream: Int64) throws {
        try connection.run(
            "UPDATE forwarded_things SET artifact_entry = ?3 WHERE upstream_id = ?1 AND kind = ?4 AND name = ?2",
            values: [upstream, id, entry, ForwardedKind.loggedModel.rawValue]
        )
    }

    /// Excludes runs from forwarding or includes them again, and clears their failures.
    ///
    /// - Returns: the row ids of those runs that exist.
    package func setForwarding(of runIDs: [String], isSkipped: Bool, upstream: Int64) throws -> [Int64] {
        try runIDs.compactMap { runID in
            guard let row = try storedRun(runID, for: .update)?.id else { return nil }
            try connection.run(
                """
                INSERT INTO forwarded_runs (run_id, upstream_id, is_skipped) VALUES (?1, ?2, ?3)
                ON CONFLICT (run_id, upstream_id) DO UPDATE SET is_skipped = excluded.is_skipped, failure = NULL
                """,
                values: [row, upstream, isSkipped ? 1 : 0]
            )
            return row
        }
    }
}
