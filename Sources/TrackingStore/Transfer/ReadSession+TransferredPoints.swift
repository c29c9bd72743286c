internal import SQLite
internal import Tracking

/// The position in the points of a run or logged model up to which they have been read.
struct PointPosition {
    fileprivate enum Owner {
        case run(String)
        /// `runs`, a JSON array of run ids, restricts the points to those that these runs have logged; nil for all.
        case loggedModel(String, runs: String?)
    }

    fileprivate struct Key {
        let id: Int64
        let name: String
    }

    fileprivate let owner: Owner
    /// The keys whose points have not been read yet, in reverse order; nil before the keys are read.
    fileprivate var keys: [Key]?
    /// The sort values of the last point that was read of the current key; nil if no point of it has been read.
    fileprivate var last: [SortValue]?

    var isAtEnd: Bool { keys?.isEmpty ?? false }

    init(ofRun id: String) {
        owner = .run(id)
    }

    init(ofModel id: String, inRunsOf subset: TransferSubset) {
        if case .runs(let ids) = subset {
            owner = .loggedModel(id, runs: jsonTexts(ids))
        } else {
            owner = .loggedModel(id, runs: nil)
        }
    }
}

extension ReadSession {
    private static let pointsOfOneRecord = 5_000

    /// Reads the next points, metric by metric in the order of the keys' bytes, and by time within a metric.
    ///
    /// - Returns: records, and the number of their points, which is at most `limit`.
    func nextPoints(
        _ position: inout PointPosition,
        limit: Int
    ) throws -> (records: [TransferRecord], count: Int) {
        var (records, count) = ([TransferRecord](), 0)
        guard let row = try row(of: position.owner) else {
            // The run or model was removed since the last call.
            position.keys = []
            return ([], 0)
        }
        var keys = try position.keys ?? self.keys(of: position.owner, row: row)
        while count < limit, let key = keys.last {
            let asked = min(limit - count, Self.pointsOfOneRecord)
            let found: Int
            switch position.owner {
            case .run(let id):
                let points = try points(ofRun: row, key.id, after: position.last, limit: asked)
                position.last = points.last?.sortValues
                found = points.count
                if found > 0 { records.append(.points(TransferredPoints(runID: id, key: key.name, points: points))) }
            case .loggedModel(let id, let runs):
                let points = try modelPoints(id, row, key, inRuns: runs, after: position.last, limit: asked)
                position.last = points.last
                found = points.metrics.count
                if found > 0 {
                    records.append(.modelPoints(TransferredModelPoints(modelID: id, points: points.metrics)))
                }
            }
            count += found
            if found < asked {
                keys.removeLast()
                position.last = nil
            }
        }
        position.keys = keys
        return (records, count)
    }

    private func row(of owner: PointPosition.Owner) throws -> Int64? {
        switch owner {
        case .run(let id):
            return try connection.query("SELECT id FROM runs WHERE run_id = ?1", id).firstRow { $0.int64(0) }
        case .loggedModel(let id, _):
            return try connection.query("SELECT id FROM logged_models WHERE model_id = ?1", id).firstRow { $0.int64(0) }
        }
    }

    private func keys(of owner: PointPosition.Owner, row: Int64) throws -> [PointPosition.Key] {
        let sql =
            switch owner {
            case .run: "SELECT key_id FROM latest_metrics WHERE run_id = ?1"
            case .loggedModel: "SELECT DISTINCT key_id FROM latest_model_metrics WHERE model_id = ?1"
            }
        let ids = try connection.query(sql, row).map { $0.int64(0) }
        return try ids.map { PointPosition.Key(id: $0, name: try keyName($0)) }.sorted { $1.name.precedes($0.name) }
    }

    private func points(ofRun row: Int64, _ key: Int64, after last: [SortValue]?, limit: Int) throws -> [MetricPoint] {
        let series = MetricSeries(runRow: row, keyID: key)
        return try historyQuery(series, last.map { .after($0) } ?? .beginning, limit: limit)
            .map { MetricPoint(row: $0, column: 0) }
    }

    private func modelPoints(
        _ id: String,
        _ row: Int64,
        _ key: PointPosition.Key,
        inRuns runs: String?,
        after last: [SortValue]?,
        limit: Int
    ) throws -> (metrics: [ModelMetric], last: [SortValue]?) {
        let order = "point.timestamp, point.step, point.run_id, point.dataset_id, point.value"
        let select = try connection.query(
            """
            SELECT \(order), runs.run_id, data.name, data.digest
            FROM model_metrics AS point
            CROSS JOIN runs ON runs.id = point.run_id
            LEFT JOIN metric_datasets AS data ON data.id = point.dataset_id
            WHERE point.model_id = ?1 AND point.key_id = ?2
                AND (?3 IS NULL OR runs.run_id IN (SELECT value FROM json_each(?3)))
                \(last == nil ? "" : "AND (\(order)) > (?5, ?6, ?7, ?8, ?9)")
            ORDER BY \(order)
            LIMIT ?4
            """,
            values: [row, key.id, runs, limit] + (last ?? [])
        )
        var end: [SortValue]?
        let metrics = try select.map { point in
            end = [
                .integer(point.int64(0)), .integer(point.int64(1)), .integer(point.int64(2)), .integer(point.int64(3)),
                .real(point.double(4)),
            ]
            return ModelMetric(
                metric: Metric(
                    key: key.name,
                    value: point.double(4),
                    timestamp: point.int64(0),
                    step: point.int64(1)
                ),
                modelID: id,
                runID: point.string(5),
                dataset: point.isNull(6) ? nil : MetricDataset(name: point.string(6), digest: point.string(7))
            )
        }
        return (metrics, end)
    }
}
