package import SQLite
internal import Tracking

/// An inconsistency in the database.
package struct StoreFault: Sendable, Equatable {
    /// What is wrong, and where.
    package var text: String
    /// Whether `StoreCheck` can mend the fault from other data in the database, without guessing.
    package var isMendable: Bool
}

/// Checks a database for damage and inconsistencies, and mends those that it can mend with certainty.
///
/// Every function reads whole tables, so the check belongs in a command and not in a running server. Mending needs a
/// connection that can write, inside a transaction. Values that are derived from other rows are calculated again, and
/// rows without an owner are deleted.
package struct StoreCheck {
    private let connection: Connection
    private let mends: Bool
    /// The maximum number of faults of one kind that are listed one by one; the rest are only counted.
    private static let maximumListedFaults = 20

    package init(_ connection: Connection, mends: Bool) {
        self.connection = connection
        self.mends = mends
    }

    /// Runs all checks and returns the faults; if the file itself is damaged, returns only that damage.
    ///
    /// Also mends the faults if `mends` is true.
    package func faults() throws -> [StoreFault] {
        let file = try fileFaults()
        // The other checks cannot be trusted if the file is damaged.
        guard file.isEmpty else { return file }
        let rows = try referenceFaults() + ownerlessRowFaults()
        let sums = try metricSummaryFaults() + storageSumFaults()
        return try rows + sums + modelMetricFaults() + registryFaults()
    }

    /// The prefix of the texts of faults that `fileFaults` returns.
    package static let fileFaultPrefix = "database: "

    /// Returns the damage that SQLite's integrity check finds in the file, at most 20 faults.
    package func fileFaults() throws -> [StoreFault] {
        try connection.prepare("PRAGMA integrity_check(20)").map { $0.string(0) }
            .filter { $0 != "ok" }
            .map { StoreFault(text: Self.fileFaultPrefix + $0, isMendable: false) }
    }

    private func referenceFaults() throws -> [StoreFault] {
        var counts: [String: Int] = [:]
        try connection.prepare("PRAGMA foreign_key_check").forEachRow { row in
            // `ownerlessRowFaults` reports and mends these rows.
            let (table, owners) = (row.string(0), row.string(2))
            guard !Self.ownedTables.contains(where: { $0.table == table && $0.owners == owners }) else { return }
            counts["\(table) that refer to no row of \(owners)", default: 0] += 1
        }
        return counts.sorted { $0.key < $1.key }
            .map { StoreFault(text: "\($0.value) rows of \($0.key)", isMendable: false) }
    }

    /// Counts the rows whose run, model or key does not exist; deletes those without a run or model if `mends` is true.
    ///
    /// Most of these tables have no foreign key, so SQLite does not check them. The rows must be deleted, because a new run could
    /// get the row id of the missing run and would then seem to have the values in these rows.
    private func ownerlessRowFaults() throws -> [StoreFault] {
        var faults: [StoreFault] = []
        for (table, column, owners, ownerCondition) in Self.ownedTables {
            let condition = "\(column) NOT IN (SELECT id FROM \(owners)\(ownerCondition))"
            let count = try connection.firstInt64(of: "SELECT count(*) FROM \(table) WHERE \(condition)") ?? 0
            guard count > 0 else { continue }
            if mends { try connection.execute("DELETE FROM \(table) WHERE \(condition)") }
            faults.append(StoreFault(text: "\(count) rows of \(table) belong to no row of \(owners)", isMendable: true))
        }
        for table in Self.tablesWithKeys {
            let condition = "key_id NOT IN (SELECT id FROM keys)"
            let count = try connection.firstInt64(of: "SELECT count(*) FROM \(table) WHERE \(condition)") ?? 0
            guard count > 0 else { continue }
            faults.append(StoreFault(text: "\(count) rows of \(table) have a key without a name", isMendable: false))
        }
        return faults
    }

    private static let ownedTables: [(table: String, column: String, owners: String, ownerCondition: String)] = [
        ("metrics", "run_id", "runs", ""), ("latest_metrics", "run_id", "runs", ""), ("params", "run_id", "runs", ""),
        ("run_tags", "run_id", "runs", ""), ("model_metrics", "run_id", "runs", ""),
        ("model_metrics", "model_id", "logged_models", ""), ("latest_model_metrics", "model_id", "logged_models", ""),
        ("logged_model_params", "model_id", "logged_models", ""),
        ("logged_model_tags", "model_id", "logged_models", ""),
        // The tags are checked before the inputs that they refer to. Tags of an input without a run are ownerless too.
        ("dataset_input_tags", "input_id", "dataset_inputs", " WHERE run_id IN (SELECT id FROM runs)"),
        ("dataset_inputs", "run_id", "runs", ""), ("model_inputs", "run_id", "runs", ""),
        ("model_outputs", "run_id", "runs", ""), ("run_owners", "run_id", "runs", ""),
    ]

    private static let tablesWithKeys = [
        "metrics", "latest_metrics", "params", "run_tags", "logged_model_params", "logged_model_tags", "model_metrics",
        "latest_model_metrics",
    ]
}

extension StoreCheck {
    /// Compares the summary of each metric with its points.
    private func metricSummaryFaults() throws -> [StoreFault] {
        var list = FaultList(
            limit: Self.maximumListedFaults,
            what: "metrics have a summary that differs from their points"
        )
        var wrong: [(series: MetricSeries, summary: MetricSummary?)] = []
        func compare(_ series: MetricSeries, _ calculated: MetricSummary?) throws {
            let stored = try storedSummary(of: series)
            guard !Self.isCorrect(stored, calculated) else { return }
            wrong.append((series, calculated))
            let name = try name(of: series)
            list.add(StoreFault(text: "\(name): the summary differs from the points", isMendable: true))
        }
        var series: MetricSeries?
        var change = MetricSummaryChange(nil)
        let points = try connection.prepare(
            """
            SELECT run_id, key_id, value, is_nan, timestamp, step
            FROM metrics
            ORDER BY run_id, key_id, timestamp, step, value, is_nan
            """
        )
        try points.forEachRow { row in
            let next = MetricSeries(runRow: row.int64(0), keyID: row.int64(1))
            if next != series {
                if let series { try compare(series, change.summary) }
                series = next
                change = MetricSummaryChange(nil)
            }
            change.add(MetricPoint(row: row, column: 2))
        }
        if let series { try compare(series, change.summary) }
        let seriesWithoutPoints = try connection.prepare(
            """
            SELECT run_id, key_id FROM latest_metrics AS latest
            WHERE NOT EXISTS (
                SELECT 1 FROM metrics WHERE metrics.run_id = latest.run_id AND metrics.key_id = latest.key_id)
            """
        ).map { MetricSeries(runRow: $0.int64(0), keyID: $0.int64(1)) }
        for series in seriesWithoutPoints { try compare(series, nil) }
        if mends { for (series, summary) in wrong { try replaceSummary(of: series, by: summary) } }
        return list.faults
    }

    /// Whether the stored summary is correct, given the one calculated from the points.
    ///
    /// In a correct summary, `isInOrder` may be false although the calculated one is true, because the points do not show the
    /// order in which they were logged.
    private static func isCorrect(_ stored: MetricSummary?, _ calculated: MetricSummary?) -> Bool {
        guard let stored, let calculated else { return stored == nil && calculated == nil }
        return stored.latest == calculated.latest && stored.pointCount == calculated.pointCount
            && stored.extremes == calculated.extremes && (!stored.isInOrder || calculated.isInOrder)
    }

    private func storedSummary(of series: MetricSeries) throws -> MetricSummary? {
        try connection.query(
            "SELECT \(MetricSummary.columns) FROM latest_metrics WHERE run_id = ?1 AND key_id = ?2",
            values: [series.runRow, series.keyID]
        ).firstRow { MetricSummary(row: $0) }
    }

    private func replaceSummary(of series: MetricSeries, by summary: MetricSummary?) throws {
        try connection.run("DELETE FROM latest_metrics WHERE run_id = ?1 AND key_id = ?2", series.runRow, series.keyID)
        guard let summary else { return }
        try connection.run(
            """
            INSERT INTO latest_metrics (run_id, key_id, value, is_nan, timestamp, step, point_count, in_order,
                minimum, minimum_step, maximum, maximum_step)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?10, ?11)
            """,
            values: [
                series.runRow, series.keyID, summary.latest.value, Int64(summary.latest.isNaN ? 1 : 0),
                summary.latest.timestamp, summary.latest.step, summary.pointCount, summary.extremes?.minimum.value,
                summary.extremes?.minimum.step, summary.extremes?.maximum.value, summary.extremes?.maximum.step,
            ]
        )
    }

    private func name(of series: MetricSeries) throws -> String {
        let run = try connection.query("SELECT run_id FROM runs WHERE id = ?1", series.runRow).firstRow { $0.string(0) }
        let key = try connection.query("SELECT name FROM keys WHERE id = ?1", series.keyID).firstRow { $0.string(0) }
        return "run \(run ?? "number \(series.runRow)"), metric '\(shortened(key ?? "\(series.keyID)"))'"
    }

    /// Compares the latest metrics of logged models with their points.
    private func modelMetricFaults() throws -> [StoreFault] {
        var list = FaultList(
            limit: Self.maximumListedFaults,
            what: "latest metrics of logged models differ from their points"
        )
        let stored = try connection.prepare(
            "SELECT model_id, key_id, scope_id, value, timestamp, step, run_id FROM latest_model_metrics"
        ).map { row in (0..<7).map { row.string($0) } }
        for row in stored {
            let (model, key, scope) = (Int64(row[0]) ?? 0, Int64(row[1]) ?? 0, Int64(row[2]) ?? 0)
            let found = try connection.query(LatestModelMetric.selection, model, key, scope)
                .firstRow { row in (0..<7).map { row.string($0) } }
            guard found != row else { continue }
            if mends {
                try connection.run(
                    "DELETE FROM latest_model_metrics WHERE model_id = ?1 AND key_id = ?2 AND scope_id = ?3",
                    values: [model, key, scope]
                )
                try connection.run(LatestModelMetric.insertion, model, key, scope)
            }
            list.add(StoreFault(text: "logged model number \(model): a latest metric is wrong", isMendable: true))
        }
        return list.faults
    }

    /// Compares each owner's sums in `storage_owners` with the sums of the owner's rows.
    private func storageSumFaults() throws -> [StoreFault] {
        let sums = """
            (SELECT coalesce(sum(bytes), 0) FROM stored_artifacts WHERE owner_id = storage_owners.id),
            (SELECT count(*) FROM stored_artifacts WHERE owner_id = storage_owners.id),
            (SELECT count(*) FROM run_owners WHERE owner_id = storage_owners.id)
            """
        let isWrong = "(bytes, files, runs) <> (\(sums))"
        let count = try connection.firstInt64(of: "SELECT count(*) FROM storage_owners WHERE \(isWrong)") ?? 0
        guard count > 0 else { return [] }
        if mends { try connection.execute("UPDATE storage_owners SET (bytes, files, runs) = (SELECT \(sums))") }
        return [StoreFault(text: "\(count) rows of storage_owners have wrong sums", isMendable: true)]
    }

    /// Checks the version counters and the copies of model names in the model registry.
    private func registryFaults() throws -> [StoreFault] {
        var faults: [StoreFault] = []
        for (what, condition, repair) in Self.registryRules {
            let count = try connection.firstInt64(of: "SELECT count(*) FROM \(condition)") ?? 0
            guard count > 0 else { continue }
            if mends { try connection.execute(repair) }
            faults.append(StoreFault(text: "\(count) \(what)", isMendable: true))
        }
        return faults
    }

    private static let registryRules: [(what: String, condition: String, repair: String)] = [
        (
            "registered models have a version counter that is lower than their highest version number",
            """
            registered_models AS model WHERE last_version < (
                SELECT max(version) FROM model_versions WHERE model_id = model.id)
            """,
            """
            UPDATE registered_models AS model
            SET last_version = max(last_version, coalesce(
                (SELECT max(version) FROM model_versions WHERE model_id = model.id), 0))
            """
        ),
        (
            "versions have another model name than their registered model",
            "model_versions AS version JOIN registered_models AS model ON model.id = version.model_id "
                + "WHERE model.name <> version.name",
            """
            UPDATE model_versions
            SET name = (SELECT name FROM registered_models AS model WHERE model.id = model_versions.model_id)
            """
        ),
    ]
}

/// Collects faults of one kind: keeps the first `limit` and counts the others.
private struct FaultList {
    let limit: Int
    /// Completes the sentence "5 more …" for the faults that are only counted.
    let what: String
    private var first: [StoreFault] = []
    private var count = 0

    init(limit: Int, what: String) {
        self.limit = limit
        self.what = what
    }

    mutating func add(_ fault: StoreFault) {
        count += 1
        if first.count < limit { first.append(fault) }
    }

    var faults: [StoreFault] {
        guard count > first.count else { return first }
        return first + [StoreFault(text: "\(count - first.count) more \(what)", isMendable: true)]
    }
}
