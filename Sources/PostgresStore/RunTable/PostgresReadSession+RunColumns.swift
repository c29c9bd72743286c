internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func describeRunColumns(_ search: RunSearch, valueLimit: Int) throws -> RunColumns {
        let page = try find(search)
        var collector = RunColumnCollector(session: self)
        var ids = page.keys[...]
        while !ids.isEmpty, collector.valueCount < valueLimit {
            try collector.addRuns(Array(ids.prefix(Self.runsAtOnce)))
            ids = ids.dropFirst(Self.runsAtOnce)
        }
        var columns = collector.columns
        columns.hasMoreRuns = !ids.isEmpty || page.nextPageToken != nil
        return columns
    }

    /// The number of runs that are read before the number of values is compared with the limit again.
    private static var runsAtOnce: Int { 50 }
}

/// Counts the runs that have each metric, and collects the values of params and tags.
private struct RunColumnCollector {
    let session: PostgresReadSession
    private(set) var valueCount = 0
    private var runCount = 0
    private var metrics: [ExactText: Int] = [:]
    private var params: [ExactText: RunColumns.Text] = [:]
    private var tags: [ExactText: RunColumns.Text] = [:]

    init(session: PostgresReadSession) { self.session = session }

    mutating func addRuns(_ ids: [String]) throws {
        runCount += ids.count
        let query = "SELECT key, count(*) FROM latest_metrics WHERE run_uuid = ANY($1) GROUP BY key"
        let metrics = try session.ask(query, ids)
        let params = try session.ask(Self.values(in: "params"), ids)
        let tags = try session.ask(Self.values(in: "tags"), ids)
        try session.rows(metrics).forEach { row in
            self.metrics[ExactText(row.string(0)), default: 0] += Int(row.int64(1))
            valueCount += Int(row.int64(1))
        }
        valueCount += Self.add(try session.rows(params), to: &self.params)
        valueCount += Self.add(try session.rows(tags), to: &self.tags)
    }

    /// The values of params or tags, in the order of the runs.
    private static func values(in table: String) -> String {
        """
        SELECT pair.key, pair.value
        FROM unnest($1::text[]) WITH ORDINALITY AS page (id, number)
        JOIN \(table) AS pair ON pair.run_uuid = page.id
        ORDER BY page.number
        """
    }

    private static func add(_ values: PostgresRows, to columns: inout [ExactText: RunColumns.Text]) -> Int {
        values.forEach { row in
            let key = row.string(0)
            columns[ExactText(key), default: RunColumns.Text(key: key)].add(row.string(1))
        }
        return values.count
    }

    /// The collected columns in no particular order.
    var columns: RunColumns {
        var columns = RunColumns()
        columns.runCount = runCount
        columns.metrics = metrics.map { RunColumns.Metric(key: $0.key.text, runCount: $0.value) }
        columns.params = Array(params.values)
        columns.tags = Array(tags.values)
        return columns
    }
}
