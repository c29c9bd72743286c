internal import SQLite
package import Tracking

extension ReadSession {
    package func describeRunColumns(_ search: RunSearch, valueLimit: Int) throws -> RunColumns {
        let page = try find(search)
        var collector = RunColumnCollector(session: self)
        var rows = page.rows[...]
        while !rows.isEmpty, collector.valueCount < valueLimit {
            try collector.addRuns(Array(rows.prefix(Self.runsAtOnce)))
            rows = rows.dropFirst(Self.runsAtOnce)
        }
        var columns = try collector.columns()
        columns.hasMoreRuns = !rows.isEmpty || page.nextPageToken != nil
        return columns
    }

    /// The number of runs in a batch.
    private static let runsAtOnce = 50
}

/// Counts the runs that have each metric, and collects the values of params and tags.
private struct RunColumnCollector {
    let session: ReadSession
    private(set) var valueCount = 0
    private var runCount = 0
    /// The number of runs that have each metric, by the id of the key.
    private var metricRunCounts: [Int64: Int] = [:]
    private var params: [Int64: RunColumns.Text] = [:]
    private var tags: [Int64: RunColumns.Text] = [:]

    init(session: ReadSession) { self.session = session }

    mutating func addRuns(_ rows: [Int64]) throws {
        let page = jsonArray(rows)
        runCount += rows.count
        let sql = """
            SELECT metric.key_id
            FROM json_each(?1) AS page
            CROSS JOIN latest_metrics AS metric ON metric.run_id = page.value
            """
        try session.connection.query(sql, page).forEachRow { row in
            metricRunCounts[row.int64(0), default: 0] += 1
            valueCount += 1
        }
        try add("params", to: \.params, page)
        try add("run_tags", to: \.tags, page)
    }

    private mutating func add(
        _ table: String,
        to columns: WritableKeyPath<Self, [Int64: RunColumns.Text]>,
        _ page: String
    ) throws {
        var keys: [Int64: RunColumns.Text] = [:]
        swap(&keys, &self[keyPath: columns])
        defer { swap(&keys, &self[keyPath: columns]) }
        let sql = """
            SELECT pair.key_id, pair.value
            FROM json_each(?1) AS page
            CROSS JOIN \(table) AS pair ON pair.run_id = page.value
            """
        try session.connection.query(sql, page).forEachRow { row in
            let keyID = row.int64(0)
            if keys[keyID] == nil { keys[keyID] = RunColumns.Text(key: try session.keyName(keyID)) }
            keys[keyID]?.add(row.string(1))
            valueCount += 1
        }
    }

    /// Returns the collected columns in no particular order.
    func columns() throws -> RunColumns {
        var columns = RunColumns()
        columns.runCount = runCount
        columns.metrics = try metricRunCounts.map { keyID, count in
            RunColumns.Metric(key: try session.keyName(keyID), runCount: count)
        }
        columns.params = Array(params.values)
        columns.tags = Array(tags.values)
        return columns
    }
}
