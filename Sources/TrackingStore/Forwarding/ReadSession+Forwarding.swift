internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    /// Returns those of the runs that exist, each with its entry in the journal of forwarding, and with the metrics whose points
    /// were not all sent.
    package func forwardedRuns(rows: [Int64], upstream: Int64) throws -> [ForwardedRun] {
        let present = try connection.query(
            "SELECT id FROM runs WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id",
            jsonArray(rows)
        ).map { $0.int64(0) }
        return try zip(present, transferredRuns(present.map { TransferRow($0) })).map { row, run in
            var run = run
            run.run.metrics = []
            let lastEntry = try connection.query("SELECT max(id) FROM artifact_journal WHERE run_id = ?1", row)
                .firstRow { $0.optionalInt64(0) }
            return ForwardedRun(
                row: row,
                run: run,
                journal: try forwardedRunJournal(row: row, upstream: upstream) ?? ForwardedRunJournal(),
                series: try unsentSeries(row: row, upstream: upstream),
                newestArtifactEntry: lastEntry.flatMap { $0 } ?? 0
            )
        }
    }

    /// Returns what the journal of forwarding contains about a run; nil if it contains nothing.
    package func forwardedRunJournal(row: Int64, upstream: Int64) throws -> ForwardedRunJournal? {
        try connection.query(
            "SELECT \(ForwardedRunJournal.columns) FROM forwarded_runs WHERE run_id = ?1 AND upstream_id = ?2",
            values: [row, upstream]
        ).firstRow { ForwardedRunJournal(row: $0, column: 0) }
    }

    /// Returns those metrics of a run whose points were not all sent to the upstream.
    private func unsentSeries(row: Int64, upstream: Int64) throws -> [ForwardedSeries] {
        try connection.query(
            """
            SELECT latest.key_id, latest.point_count, sent.point_count, sent.value, sent.is_nan, sent.timestamp,
                sent.step
            FROM latest_metrics AS latest
            LEFT JOIN forwarded_points AS sent
                ON sent.run_id = latest.run_id AND sent.upstream_id = ?2 AND sent.key_id = latest.key_id
            WHERE latest.run_id = ?1 AND latest.point_count IS NOT sent.point_count
            """,
            values: [row, upstream]
        ).map { series in
            ForwardedSeries(
                keyID: series.int64(0),
                key: try keyName(series.int64(0)),
                count: series.int64(1),
                sentCount: series.optionalInt64(2) ?? 0,
                last: series.isNull(2) ? nil : MetricPoint(row: series, column: 3)
            )
        }
    }

    /// Returns the next points of a metric, in the order of its history, and the number of all points of the metric.
    package func points(
        ofRun row: Int64,
        _ keyID: Int64,
        after last: MetricPoint?,
        limit: Int
    ) throws -> (points: [MetricPoint], count: Int64) {
        let series = MetricSeries(runRow: row, keyID: keyID)
        let start: PageStart = last.map { .after($0.sortValues) } ?? .beginning
        let points = try historyQuery(series, start, limit: limit).map { MetricPoint(row: $0, column: 0) }
        let count = try connection.query(
            "SELECT point_count FROM latest_metrics WHERE run_id = ?1 AND key_id = ?2",
            values: [row, keyID]
        ).firstRow { $0.int64(0) }
        return (points, count ?? 0)
    }

    /// Returns those row ids of runs that are greater than `row`, in ascending order.
    package func runRows(after row: Int64, limit: Int) throws -> [Int64] {
        try connection.query("SELECT id FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2", row, limit).map { $0.int64(0) }
    }

    /// Returns the row id of a run; nil if the run does not exist.
    package func rowOfRun(_ runID: String) throws -> Int64? {
        try connection.query("SELECT id FROM runs WHERE run_id = ?1", runID).firstRow { $0.int64(0) }
    }

    /// Returns the id of an upstream in the journal of forwarding; nil if nothing was ever sent to it.
    package func upstreamID(of uri: String) throws -> Int64? {
        try connection.query("SELECT id FROM upstreams WHERE uri = ?1", uri).firstRow { $0.int64(0) }
    }

    /// Returns the kind of server that an upstream is; nil before the upstream has answered.
    package func upstreamKind(_ upstream: Int64) throws -> String? {
        try connection.query("SELECT kind FROM upstreams WHERE id = ?1", upstream)
            .firstRow { $0.optionalString(0) }.flatMap { $0 }
    }

    /// Returns entities that the upstream must still have if it is the same server: the five newest and the five oldest sent
    /// runs, or up to ten experiments if no run was sent.
    package func knownEntities(ofUpstream upstream: Int64) throws -> [KnownUpstreamEntity] {
        let runs = try ["DESC", "ASC"].flatMap { order in
            try connection.query(
                """
                SELECT runs.run_id, sent.target FROM forwarded_runs AS sent JOIN runs ON runs.id = sent.run_id
                WHERE sent.upstream_id = ?1 AND sent.target IS NOT NULL ORDER BY sent.run_id \(order) LIMIT 5
                """,
                upstream
            ).map { KnownUpstreamEntity.run($0.string(0), remoteID: $0.string(1)) }
        }
        guard runs.isEmpty else { return runs }
        return try connection.query(
            """
            SELECT experiments.name, sent.target FROM forwarded_things AS sent
            JOIN experiments ON experiments.id = CAST(sent.name AS INTEGER)
            WHERE sent.upstream_id = ?1 AND sent.kind = ?2 AND sent.target <> '' LIMIT 10
            """,
            values: [upstream, ForwardedKind.experiment.rawValue]
        ).map { KnownUpstreamEntity.experiment($0.string(0), remoteID: $0.string(1)) }
    }

    /// Returns the name of another entity of this kind that has the id or name `remoteID` in the upstream; nil if there is none.
    package func forwardedName(
        _ kind: ForwardedKind,
        withRemoteID remoteID: String,
        excluding name: String,
        upstream: Int64
    ) throws -> String? {
        try connection.query(
            "SELECT name FROM forwarded_things WHERE upstream_id = ?1 AND kind = ?2 AND target = ?3 AND name <> ?4",
            values: [upstream, kind.rawValue, remoteID, name]
        ).firstRow { $0.string(0) }
    }

    /// Returns the addresses of all upstreams to which something was sent.
    package func upstreams() throws -> [String] {
        try connection.query("SELECT uri FROM upstreams ORDER BY id").map { $0.string(0) }
    }

    /// Returns how much of each run was sent, for the runs whose row ids are greater than `row`, in ascending order of the row
    /// ids.
    ///
    /// Runs that the client may not read are left out.
    /// - Parameter runIDs: the runs to return; nil for all.
    package func forwardedRunStatuses(
        after row: Int64,
        limit: Int,
        runIDs: [String]?,
        upstream: Int64
    ) throws -> [ForwardedRunStatus] {
        return try readableRuns(after: row, limit: limit, runIDs).map { row, runID in
            let counts = try connection.query(
                """
                SELECT total(latest.point_count), total(sent.point_count)
                FROM latest_metrics AS latest
                LEFT JOIN forwarded_points AS sent
                    ON sent.run_id = latest.run_id AND sent.upstream_id = ?2 AND sent.key_id = latest.key_id
                WHERE latest.run_id = ?1
                """,
                values: [row, upstream]
            ).firstRow { (Int64($0.double(0)), Int64($0.double(1))) }
            return ForwardedRunStatus(
                row: row,
                info: try runInfo(runID, for: .read),
                journal: try forwardedRunJournal(row: row, upstream: upstream) ?? ForwardedRunJournal(),
                points: counts?.0 ?? 0,
                sentPoints: counts?.1 ?? 0
            )
        }
    }

    private func readableRuns(after row: Int64, limit: Int, _ runIDs: [String]?) throws -> [(Int64, String)] {
        var found: [(Int64, String)] = []
        var start = row
        while found.count < limit {
            let rows = try connection.query(
                """
                SELECT id, run_id, experiment_id FROM runs
                WHERE id > ?1 AND (?3 IS NULL OR run_id IN (SELECT value FROM json_each(?3)))
                ORDER BY id LIMIT ?2
                """,
                values: [start, limit, runIDs.map { jsonTexts($0) }]
            ).map { ($0.int64(0), $0.string(1), $0.int64(2)) }
            guard let last = rows.last else { break }
            start = last.0
            for (id, runID, experimentID) in rows where found.count < limit {
                let isReadable = canReadRuns(ofExperiment: experimentID)
                if isReadable { found.append((id, runID)) }
            }
        }
        return found
    }

    /// Returns what the journal of forwarding contains about an experiment, a model or a version; nil if it contains nothing.
    package func forwardedEntity(_ kind: ForwardedKind, _ name: String, upstream: Int64) throws -> ForwardedEntity? {
        try connection.query(
            """
            SELECT target, digest, failure, artifact_entry
            FROM forwarded_things
            WHERE upstream_id = ?1 AND kind = ?2 AND name = ?3
            """,
            values: [upstream, kind.rawValue, name]
        ).firstRow { row in
            ForwardedEntity(
                remoteID: row.string(0),
                digest: row.string(1),
                failure: row.optionalString(2),
                comparedArtifactEntry: row.optionalInt64(3)
            )
        }
    }

    /// Returns a logged model without its points; nil if the model does not exist.
    package func modelToForward(id: String) throws -> TransferredLoggedModel? {
        try visibleLoggedModelRow(id, for: .read).flatMap { try transferredLoggedModels([TransferRow($0)]).first }
    }

    /// Returns the files of a run or logged model that were sent.
    package func forwardedFiles(of owner: ForwardedFileOwner, upstream: Int64) throws -> [ForwardedFile] {
        try connection.query(
            "SELECT path, bytes, version FROM forwarded_files WHERE upstream_id = ?1 AND kind = ?2 AND owner = ?3",
            values: [upstream, owner.kind, owner.id]
        ).map { ForwardedFile(path: $0.string(0), bytes: $0.int64(1), version: $0.string(2)) }
    }

    /// Returns the paths, relative to the artifact root, of the files that were uploaded for a run after an entry of the
    /// artifact journal.
    package func uploadedPaths(ofRun row: Int64, after entry: Int64) throws -> [String] {
        try connection.query(
            "SELECT DISTINCT path FROM artifact_journal WHERE run_id = ?1 AND id > ?2 AND kind = 0",
            values: [row, entry]
        ).map { $0.string(0) }
    }

    /// Returns the id of the newest entry of the artifact journal for a file in a folder or its subfolders; 0 without
    /// such an entry.
    package func newestArtifactEntry(beneath folder: String) throws -> Int64 {
        // The paths beneath the folder are those between `FOLDER/` and `FOLDER0`, because `0` follows `/` in the order of bytes.
        try connection.query(
            "SELECT max(id) FROM artifact_journal WHERE path >= ?1 AND path < ?2",
            values: [folder + "/", folder + "0"]
        ).firstRow { $0.optionalInt64(0) }.flatMap { $0 } ?? 0
    }

    /// Returns the experiments whose ids are greater than `id`, active or deleted, in ascending order of the ids.
    package func experimentsToForward(after id: Int64, limit: Int) throws -> [Experiment] {
        let ids = try connection.query("SELECT id FROM experiments WHERE id > ?1 ORDER BY id LIMIT ?2", id, limit)
            .map { $0.int64(0) }
        return try experiments(ids: ids)
    }

    /// Returns the logged models whose row ids are greater than `row`, in ascending order of the row ids.
    package func modelsToForward(after row: Int64, limit: Int) throws -> [ForwardedModel] {
        let rows = try connection.query("SELECT id FROM logged_models WHERE id > ?1 ORDER BY id LIMIT ?2", row, limit)
            .map { $0.int64(0) }
        return try zip(rows, transferredLoggedModels(rows.map { TransferRow($0) })).map { row, model in
            let version = try connection.query(
                "SELECT count(*), max(timestamp), total(step), total(value) FROM model_metrics WHERE model_id = ?1",
                row
            ).firstRow { "\($0.int64(0)) \($0.optionalInt64(1) ?? 0) \($0.double(2)) \($0.double(3))" }
            return ForwardedModel(row: row, model: model, pointsFingerprint: version ?? "")
        }
    }

    /// Returns all points of a logged model.
    package func pointsToForward(ofModel id: String) throws -> [ModelMetric] {
        var position = PointPosition(ofModel: id, inRunsOf: .everything)
        var points: [ModelMetric] = []
        while !position.isAtEnd {
            for case .modelPoints(let found) in try position.next(self, limit: 20_000).records {
                points += found.points
            }
        }
        return points
    }

    /// Returns the registered models whose row ids are greater than `row`, each with all its versions.
    package func registryToForward(
        after row: Int64,
        limit: Int
    ) throws -> [(row: Int64, model: TransferredRegisteredModel, versions: [TransferredModelVersion])] {
        let rows = try connection.query(
            "SELECT id FROM registered_models WHERE id > ?1 ORDER BY id LIMIT ?2",
            values: [row, limit]
        ).map { $0.int64(0) }
        return try zip(rows, transferredRegisteredModels(rows.map { TransferRow($0) })).map { row, model in
            var position = ModelVersionPosition(model: TransferRow(row))
            var versions: [TransferredModelVersion] = []
            while !position.isAtEnd { versions += try position.next(self) }
            return (row, model, versions)
        }
    }
}

/// The run or logged model that artifact files belong to.
package enum ForwardedFileOwner: Sendable, Hashable {
    case run(String)
    case loggedModel(String)

    package var id: String {
        switch self {
        case .run(let id), .loggedModel(let id): id
        }
    }

    var kind: Int64 {
        switch self {
        case .run: 0
        case .loggedModel: 1
        }
    }
}

extension ForwardedRunJournal {
    static let columns = "target, sent, sent_time, artifact_entry, failure, is_skipped"

    init(row: Statement, column: Int) {
        self.init()
        remoteID = row.optionalString(column)
        sentContent = row.string(column + 1)
        sentTime = row.optionalInt64(column + 2)
        comparedArtifactEntry = row.optionalInt64(column + 3)
        failure = row.optionalString(column + 4)
        isSkipped = row.bool(column + 5)
    }
}
