internal import Budgets
internal import Identities
internal import PostgreSQL
internal import Tracking

/// What one request logs to one run.
struct RunLog: ClientBound {
    let job: WriteJob
    let caller: Caller
    let runID: String
    let batch: LogBatch
    /// Whether the request logs a single param, for which MLflow has another error message.
    let isOneParam: Bool
}

extension PostgresWriteSession {
    /// Writes the params, metrics and tags that requests log to runs, with a few statements for all of them.
    ///
    /// The facts that decide whether the requests may log their data are looked up first, and then the allowed data are written.
    /// No look-up follows, so that COMMIT can be sent together with the last statement.
    /// - Returns: the refused requests, with their errors; nothing of these requests is written.
    func write(_ logs: [RunLog]) throws -> [(WriteJob, TrackingError)] {
        guard !logs.isEmpty else { return [] }
        var facts = try facts(about: logs)
        var rows = LogRows()
        var refused: [(WriteJob, TrackingError)] = []
        var start = logs.startIndex
        while start < logs.endIndex {
            // The logs of one request follow one another, and either all or none of them are written.
            let end = logs[start...].firstIndex { $0.job !== logs[start].job } ?? logs.endIndex
            do throws(TrackingError) {
                let params = try facts.newParams(in: logs[start..<end])
                for (log, params) in zip(logs[start..<end], params) { rows.add(log, params: params, facts) }
                for (log, params) in zip(logs[start..<end], params) {
                    for param in params { facts.params[RunKey(log.runID, param.key)] = param.value }
                }
            } catch {
                refused.append((logs[start].job, error))
            }
            start = end
        }
        try send(rows)
        return refused
    }

    private func facts(about logs: [RunLog]) throws -> LogFacts {
        var facts = LogFacts()
        let runIDs = distinctInByteOrder(logs.map(\.runID))
        let query = "SELECT run_uuid, lifecycle_stage, experiment_id FROM runs WHERE run_uuid = ANY($1)"
        let runs = try pipeline.ask(query, [runIDs.postgresValue])
        let params = logs.flatMap { log in log.batch.params.map { (log.runID, $0.key) } }
        let stored =
            try params.isEmpty
            ? nil
            : pipeline.ask(
                """
                SELECT params.run_uuid, params.key, params.value
                FROM unnest($1::text[], $2::text[]) AS wanted (run_uuid, key)
                JOIN params ON params.key = wanted.key AND params.run_uuid = wanted.run_uuid
                """,
                [params.map(\.0).postgresValue, params.map(\.1).postgresValue]
            )
        let modelIDs = distinctInByteOrder(logs.flatMap { $0.batch.modelMetrics.map(\.modelID) })
        let models =
            try modelIDs.isEmpty
            ? nil
            : pipeline.ask(
                "SELECT model_id, experiment_id FROM logged_models WHERE model_id = ANY($1)",
                [modelIDs.postgresValue]
            )
        try pipeline.rows(runs).forEach { row in
            facts.runs[ExactText(row.string(0))] = LogFacts.Run(
                stage: LifecycleStage(wireName: row.string(1)) ?? .active,
                experimentID: row.int64(2)
            )
        }
        if let stored {
            try pipeline.rows(stored).forEach { facts.params[RunKey($0.string(0), $0.string(1))] = $0.string(2) }
        }
        if let models {
            try pipeline.rows(models).forEach { facts.models[ExactText($0.string(0))] = $0.int64(1) }
        }
        return facts
    }

    private func send(_ rows: LogRows) throws {
        // Params, latest metrics and tags are sorted by run and key, so that servers that write to the same rows lock them in the
        // same order.
        if !rows.params.isEmpty { try pipeline.send(LogRows.insertParams, rows.paramColumns()) }
        if !rows.metrics.isEmpty {
            try pipeline.send(LogRows.insertMetrics, rows.metricColumns())
            try pipeline.send(LogRows.updateLatestMetrics, rows.latestColumns())
        }
        if !rows.modelMetrics.isEmpty { try pipeline.send(LogRows.insertModelMetrics, columns(of: rows.modelMetrics)) }
        guard !rows.tags.isEmpty else { return }
        let insertion = """
            INSERT INTO tags (run_uuid, key, value) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
            ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value
            """
        try pipeline.send(insertion, rows.tagColumns())
        let names = rows.tags.filter { $0.key.key.isExactly(Tag.runNameKey) }
        guard !names.isEmpty else { return }
        let update = """
            UPDATE runs SET name = named.name FROM unnest($1::text[], $2::text[], $3::text[]) AS named (run_uuid, key, name)
            WHERE runs.run_uuid = named.run_uuid
            """
        try pipeline.send(update, LogRows.columns(of: names.sorted { $0.key < $1.key }))
    }
}

/// A key of a metric, param or tag of a run; ordered by the bytes of the run's id, and then of the key.
struct RunKey: Hashable, Comparable {
    let run: String
    let key: String
    private let joined: ExactText

    init(_ run: String, _ key: String) {
        self.run = run
        self.key = key
        joined = ExactText(run + "\0" + key)
    }

    static func == (left: RunKey, right: RunKey) -> Bool { left.joined == right.joined }

    static func < (left: RunKey, right: RunKey) -> Bool {
        left.joined.text.utf8.lexicographicallyPrecedes(right.joined.text.utf8)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(joined) }
}

/// The stored facts that decide whether requests may log their data.
private struct LogFacts {
    struct Run {
        var stage: LifecycleStage
        var experimentID: Int64
    }

    var runs: [ExactText: Run] = [:]
    /// The params that are stored, and those that earlier requests of the transaction add.
    var params: [RunKey: String] = [:]
    /// The experiments of the logged models.
    var models: [ExactText: Int64] = [:]

    /// Checks what one request logs, and returns for each of its logs the params that are new.
    func newParams(in logs: ArraySlice<RunLog>) throws(TrackingError) -> [[Param]] {
        var added: [RunKey: String] = [:]
        var new: [[Param]] = []
        for log in logs {
            guard let run = runs[ExactText(log.runID)] else { throw log.missingOrForbidden(.runNotFound(log.runID)) }
            try log.require(.update, on: .run(inExperiment: run.experimentID), orThrow: .runNotFound(log.runID))
            try run.stage.requireActive("run", id: log.runID)
            var conflicts: [ParamConflict] = []
            var params: [Param] = []
            for param in log.batch.params {
                let key = RunKey(log.runID, param.key)
                guard let value = self.params[key] ?? added[key] else {
                    added[key] = param.value
                    params.append(param)
                    continue
                }
                if let conflict = ParamConflict(param, storedValue: value) { conflicts.append(conflict) }
            }
            if log.isOneParam, let conflict = conflicts.first { throw conflict.refusal(runID: log.runID) }
            try ParamConflict.refuse(conflicts, runID: log.runID)
            for metric in log.batch.modelMetrics { try requireModel(of: metric, in: log) }
            new.append(params)
        }
        return new
    }

    private func requireModel(of metric: ModelMetric, in log: RunLog) throws(TrackingError) {
        guard let experiment = models[ExactText(metric.modelID)], !log.hides(experiment: experiment) else {
            throw log.missingOrForbidden(.modelOfMetricNotFound(metric))
        }
        let model = ProtectedThing.loggedModel(inExperiment: experiment)
        try log.require(.update, on: model, orThrow: .loggedModelNotFound(metric.modelID))
    }
}

/// The rows to write.
struct LogRows {
    var params: [(key: RunKey, value: String)] = []
    var metrics: [(key: RunKey, value: MetricPoint)] = []
    var latest: [RunKey: MetricPoint] = [:]
    var modelMetrics: [[PostgresValue]] = []
    var tags: [RunKey: String] = [:]

    mutating func add(_ point: MetricPoint, _ key: RunKey) {
        metrics.append((key, point))
        if let current = latest[key], !point.supersedes(current) { return }
        latest[key] = point
    }

    fileprivate mutating func add(_ log: RunLog, params new: [Param], _ facts: LogFacts) {
        for param in new { params.append((RunKey(log.runID, param.key), param.value)) }
        for metric in log.batch.metrics { add(MetricPoint(metric), RunKey(log.runID, metric.key)) }
        for metric in log.batch.modelMetrics {
            let experiment = facts.runs[ExactText(log.runID)]?.experimentID ?? 0
            modelMetrics.append(Self.values(metric, runID: log.runID, experimentID: experiment))
        }
        for tag in log.batch.tags where tag.effectOnRun != .nothing { tags[RunKey(log.runID, tag.key)] = tag.value }
    }
}

// MARK: Statements

extension LogRows {
    static let insertParams = """
        INSERT INTO params (run_uuid, key, value) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
        """

    static let insertMetrics = """
        INSERT INTO metrics (run_uuid, key, timestamp, step, value, is_nan)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::float8[], $6::boolean[])
        ON CONFLICT DO NOTHING
        """

    static let updateLatestMetrics = """
        INSERT INTO latest_metrics AS stored (run_uuid, key, timestamp, step, value, is_nan)
        SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::float8[], $6::boolean[])
        ON CONFLICT (key, run_uuid) DO UPDATE
        SET timestamp = excluded.timestamp, step = excluded.step, value = excluded.value, is_nan = excluded.is_nan
        WHERE (excluded.step, excluded.timestamp, excluded.value) > (stored.step, stored.timestamp, stored.value)
        """

    static let insertModelMetrics = """
        INSERT INTO logged_model_metrics (model_id, run_id, experiment_id, metric_name, metric_timestamp_ms, metric_step,
            metric_value, dataset_name, dataset_digest)
        SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::bigint[], $6::bigint[], $7::float8[],
            $8::text[], $9::text[])
        ON CONFLICT DO NOTHING
        """

    func paramColumns() throws(PostgresError) -> [PostgresValue] {
        try Self.columns(of: params.sorted { $0.key < $1.key })
    }

    func metricColumns() throws(PostgresError) -> [PostgresValue] { try Self.columns(of: metrics) }

    func latestColumns() throws(PostgresError) -> [PostgresValue] {
        try Self.columns(of: latest.sorted { $0.key < $1.key })
    }

    func tagColumns() throws(PostgresError) -> [PostgresValue] {
        try Self.columns(of: tags.sorted { $0.key < $1.key })
    }

    static func values(_ metric: ModelMetric, runID: String, experimentID: Int64) -> [PostgresValue] {
        let point = MetricPoint(metric.metric)
        return [
            .text(metric.modelID), .text(runID), .integer(experimentID), .text(metric.metric.key),
            .integer(point.timestamp), .integer(point.step), .real(point.value),
            (metric.dataset?.name).postgresValue, (metric.dataset?.digest).postgresValue,
        ]
    }

    fileprivate static func columns(
        of texts: some Sequence<(key: RunKey, value: String)>
    ) throws(PostgresError) -> [PostgresValue] {
        var (runs, keys, values) = (PostgresColumn(.text), PostgresColumn(.text), PostgresColumn(.text))
        for (key, value) in texts {
            try runs.append(key.run)
            try keys.append(key.key)
            try values.append(value)
        }
        return [.column(runs), .column(keys), .column(values)]
    }

    private static func columns(
        of points: [(key: RunKey, value: MetricPoint)]
    ) throws(PostgresError) -> [PostgresValue] {
        var (runs, keys) = (PostgresColumn(.text), PostgresColumn(.text))
        var (timestamps, steps) = (PostgresColumn(.bigint), PostgresColumn(.bigint))
        var (values, areNaN) = (PostgresColumn(.double), PostgresColumn(.boolean))
        for (key, point) in points {
            try runs.append(key.run)
            try keys.append(key.key)
            timestamps.append(point.timestamp)
            steps.append(point.step)
            values.append(point.value)
            areNaN.append(point.isNaN)
        }
        return [runs, keys, timestamps, steps, values, areNaN].map { .column($0) }
    }
}
