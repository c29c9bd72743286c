internal import PostgreSQL
package import Tracking

/// The stored entities that the records of one import refer to, looked up for all records at once, and the rows that the import
/// adds, which are sent together.
struct ImportBatch {
    /// The ids of experiments by name.
    var experimentIDs: [ExactText: Int64] = [:]
    var runs: [ExactText: RunInfo] = [:]
    /// Who created the runs, where that is recorded.
    var creators: [ExactText: StorageOwner] = [:]
    var params: [RunKey: String] = [:]
    /// The tags of runs.
    var tags: [ExactText: [Tag]] = [:]
    /// The runs that the import has added.
    var newRuns: Set<ExactText> = []
    var loggedModels: [ExactText: LoggedModelInfo] = [:]

    var runRows: [[PostgresValue]] = []
    /// The ids in `runRows`.
    var unsentRuns: [String] = []
    /// The params, tags and points of runs to add.
    var rows = LogRows()
    var modelMetrics: [ModelMetric] = []
}

extension MissingTags {
    /// - Parameter rows: the keys and the values of the stored tags.
    init(_ tags: [Tag], stored rows: PostgresRows) {
        self.init(tags, stored: rows.map { Tag(key: $0.string(0), value: $0.string(1)) })
    }
}

/// The ids and names of the stored entities that some records refer to.
private struct ReferencedNames {
    var experiments: [String] = []
    /// The runs that have their own records, by which the import may change them.
    var runs: [String] = []
    /// The runs that are only referred to by points.
    var otherRuns: [String] = []
    var loggedModels: [String] = []

    init(_ records: [TransferRecord]) {
        for record in records {
            switch record {
            case .run(let run):
                experiments.append(run.experiment.name)
                runs.append(run.run.info.runID)
            case .points(let points):
                points.identity.map { experiments.append($0.experiment.name) }
                otherRuns.append(points.runID)
            case .loggedModel(let model):
                experiments.append(model.experiment.name)
                loggedModels.append(model.model.info.modelID)
            case .modelPoints(let points):
                points.identity.map { experiments.append($0.experiment.name) }
                loggedModels.append(points.modelID)
                otherRuns += points.points.map(\.runID)
            case .experiment, .registeredModel, .modelVersion: break
            }
        }
    }

    /// Returns each name once, without names that contain NUL, because PostgreSQL stores no such text.
    static func distinct(_ names: [String]) -> [String] {
        distinctInByteOrder(names).filter { !$0.utf8.contains(0) }
    }
}

extension PostgresWriteSession {
    /// Looks up the entities that the records refer to; sends all queries before it waits for the first result.
    package func beginImport(_ records: [TransferRecord]) throws {
        importBatch = ImportBatch()
        if columnLimits == nil { columnLimits = try ColumnLimits(self) }
        let named = ReferencedNames(records)
        let changedRuns = ReferencedNames.distinct(named.runs)
        let experimentsQuery = "SELECT name, experiment_id FROM experiments WHERE name = ANY($1)"
        let experiments = try ask(experimentsQuery, ReferencedNames.distinct(named.experiments))
        // The lock prevents changes to the status and end time of a run until the import has compared them with its own values.
        let locked = try ask(
            "SELECT \(RunInfo.columns) FROM runs WHERE run_uuid = ANY($1) ORDER BY run_uuid FOR NO KEY UPDATE",
            changedRuns
        )
        let otherRunsQuery = "SELECT \(RunInfo.columns) FROM runs WHERE run_uuid = ANY($1)"
        let others = try ask(otherRunsQuery, ReferencedNames.distinct(named.otherRuns))
        let params = try ask("SELECT run_uuid, key, value FROM params WHERE run_uuid = ANY($1)", changedRuns)
        let tags = try ask("SELECT run_uuid, key, value FROM tags WHERE run_uuid = ANY($1)", changedRuns)
        let models = try ask(
            "SELECT \(LoggedModelInfo.columns) FROM logged_models WHERE model_id = ANY($1) ORDER BY model_id \(Self.rowLock)",
            ReferencedNames.distinct(named.loggedModels)
        )
        let creators =
            hasAccessTables
            ? try ask(
                "SELECT run_uuid, owner FROM apus.run_owners WHERE run_uuid = ANY($1)",
                ReferencedNames.distinct(named.runs + named.otherRuns)
            ) : nil
        try rows(experiments).forEach { importBatch.experimentIDs[ExactText($0.string(0))] = $0.int64(1) }
        for ticket in [locked, others] {
            try rows(ticket).forEach { row in
                let info = RunInfo(row: row)
                importBatch.runs[ExactText(info.runID)] = info
            }
        }
        if let creators {
            try rows(creators).forEach { row in
                importBatch.creators[ExactText(row.string(0))] = StorageOwner(key: row.string(1))
            }
        }
        try rows(params).forEach { importBatch.params[RunKey($0.string(0), $0.string(1))] = $0.string(2) }
        try rows(tags).forEach { row in
            let tag = Tag(key: row.string(1), value: row.string(2))
            importBatch.tags[ExactText(row.string(0)), default: []].append(tag)
        }
        try rows(models).forEach { row in
            let info = LoggedModelInfo(row: row)
            importBatch.loggedModels[ExactText(info.modelID)] = info
        }
    }

    /// Sends the rows that were collected in `importBatch`, and counts the points.
    package func finishImport(_ report: inout TransferReport) throws {
        try sendRuns()
        let batch = importBatch
        importBatch = ImportBatch()
        if !batch.rows.params.isEmpty { try change(LogRows.insertParams, values: batch.rows.paramColumns()) }
        if !batch.rows.tags.isEmpty {
            let insertion = """
                INSERT INTO tags (run_uuid, key, value) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
                ON CONFLICT DO NOTHING
                """
            try change(insertion, values: batch.rows.tagColumns())
        }
        let count = batch.rows.metrics.count
        if count > 0 {
            let added = Int(try changed(LogRows.insertMetrics, values: batch.rows.metricColumns()).affectedCount)
            report.count(.points) {
                $0.added += added
                $0.unchanged += count - added
            }
        }
        if !batch.rows.latest.isEmpty { try change(LogRows.updateLatestMetrics, values: batch.rows.latestColumns()) }
        try add(batch.modelMetrics, batch, &report)
    }

    /// Adds points of logged models.
    ///
    /// MLflow's table can store only one point for each metric, time, step and run; the first one is kept.
    private func add(_ metrics: [ModelMetric], _ batch: ImportBatch, _ report: inout TransferReport) throws {
        guard !metrics.isEmpty else { return }
        let values = metrics.map { metric in
            let experimentID = batch.runs[ExactText(metric.runID)]?.experimentID ?? 0
            return LogRows.values(metric, runID: metric.runID, experimentID: experimentID)
        }
        let added = try changed(LogRows.insertModelMetrics, rows: values)
        report.count(.modelPoints) { $0.added += added }
        guard added < metrics.count else { return }
        var isStored = [Bool](repeating: false, count: metrics.count)
        let query = """
            SELECT wanted.number, stored.metric_value, stored.dataset_name, stored.dataset_digest
            FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) WITH ORDINALITY
                AS wanted (model_id, run_id, metric_name, time, step, number)
            JOIN logged_model_metrics AS stored ON stored.model_id = wanted.model_id AND stored.run_id = wanted.run_id
                AND stored.metric_name = wanted.metric_name AND stored.metric_timestamp_ms = wanted.time
                AND stored.metric_step = wanted.step
            """
        try rows(query, values: columns(of: values.map { [$0[0], $0[1], $0[3], $0[4], $0[5]] })).forEach { row in
            let index = Int(row.int64(0)) - 1
            guard metrics.indices.contains(index) else { return }
            let metric = metrics[index]
            isStored[index] =
                row.double(1) == MetricPoint(metric.metric).value
                && row.optionalString(2) == metric.dataset?.name && row.optionalString(3) == metric.dataset?.digest
        }
        let storedCount = isStored.count { $0 }
        report.count(.modelPoints) { $0.unchanged += max(storedCount - added, 0) }
        for (metric, isStored) in zip(metrics, isStored) where !isStored {
            report.remark(
                .modelPoints,
                metric.modelID,
                "a point of the metric '\(shortened(metric.metric.key))' at step \(metric.metric.step) was left out: "
                    + "MLflow's table can store only one point for each time, step and run, and has another one"
            )
        }
    }
}
