internal import SQLite
package import Tracking

extension ReadSession {
    package func metricHistory(_ history: MetricHistory, pageToken: String?, limit: Int) throws -> MetricHistoryPage {
        let digest = history.digest
        let start = try PageToken.parse(pageToken, digest: digest, termCount: 4)
        guard let series = try series(of: history) else { return MetricHistoryPage(points: [], nextPageToken: nil) }
        let query = try historyQuery(series, start, limit: limit + 1)
        defer { query.reset() }
        var points: [MetricPoint] = []
        points.reserveCapacity(min(limit, 25_000))
        while try query.step() {
            if points.count == limit, let last = points.last {
                return MetricHistoryPage(
                    points: points,
                    nextPageToken: PageToken.make(after: last.sortValues, digest: digest)
                )
            }
            points.append(MetricPoint(row: query, column: 0))
        }
        return MetricHistoryPage(points: points, nextPageToken: nil)
    }

    /// Returns a query for points in the order of the history; its columns are those that `MetricPoint.init(row:column:)` reads.
    func historyQuery(_ series: MetricSeries, _ start: PageStart, limit: Int) throws -> Statement {
        let columns = "SELECT value, is_nan, timestamp, step FROM metrics WHERE run_id = ?1 AND key_id = ?2"
        let order = "ORDER BY timestamp, step, value, is_nan LIMIT ?3"
        switch start {
        case .beginning:
            return try connection.query("\(columns) \(order)", series.runRow, series.keyID, limit)
        case .offset(let offset):
            return try connection.query("\(columns) \(order) OFFSET ?4", series.runRow, series.keyID, limit, offset)
        case .after(let last):
            let values: [any Bindable] = [series.runRow, series.keyID, limit]
            return try connection.query(
                "\(columns) AND (timestamp, step, value, is_nan) > (?4, ?5, ?6, ?7) \(order)",
                values: values + last
            )
        }
    }

    package func metricHistories(key: String, runIDs: [String], limit: Int) throws -> [RunMetricPoint] {
        var found: [RunMetricPoint] = []
        for runID in distinctInByteOrder(runIDs) {
            guard found.count < limit else { break }
            guard let series = try series(of: MetricHistory(runID: runID, key: key)) else { continue }
            let query = try historyQuery(series, .beginning, limit: limit - found.count)
            try query.forEachRow { found.append(RunMetricPoint(runID: runID, point: MetricPoint(row: $0, column: 0))) }
        }
        return found
    }

    /// Returns nil if the run or the key is unknown.
    func series(of history: MetricHistory) throws -> MetricSeries? {
        // The run is looked up first, so that a client that may not read the run gets the same error for every key.
        guard let runRow = try visibleRunRow(history.runID), let keyID = try connection.keyID(for: history.key) else {
            return nil
        }
        return MetricSeries(runRow: runRow, keyID: keyID)
    }
}

extension MetricPoint {
    /// Reads four columns, starting with the given one: value, is_nan, timestamp, step.
    init(row: Statement, column: Int) {
        self.init(
            value: row.double(column),
            isNaN: row.int64(column + 1) != 0,
            timestamp: row.int64(column + 2),
            step: row.int64(column + 3)
        )
    }
}
