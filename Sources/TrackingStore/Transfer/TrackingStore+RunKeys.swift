package import Budgets
internal import SQLite
package import Tracking

extension TrackingStore {
    /// Returns the keys of all runs that a `RecordCursor` with the content `runs` returns for this subset.
    ///
    /// Blocks meanwhile. Reads the keys of 1,000 runs at a time.
    package func runKeys(_ subset: TransferSubset, for caller: Caller = .server) throws -> RunKeys {
        var rows = RowCursor(.runs, subset, withDeletedRuns: false)
        var found = [Set<ExactText>](repeating: [], count: Self.tablesWithKeys.count)
        while true {
            let (keys, next) = try readNow(.continued, for: caller) { [rows] session in
                var rows = rows
                guard let page = try rows.next(session, limit: 1_000) else { return (nil as [[String]]?, rows) }
                let keys = try Self.tablesWithKeys.map { try session.keys(in: $0, ofRuns: page) }
                return (keys, rows)
            }
            guard let keys else { break }
            rows = next
            for (index, names) in keys.enumerated() { found[index].formUnion(names.map { ExactText($0) }) }
        }
        let lists = found.map { $0.map(\.text).sorted { $0.precedes($1) } }
        return RunKeys(metrics: lists[0], params: lists[1], tags: lists[2])
    }

    /// The tables of metrics, params and tags, in this order.
    private static let tablesWithKeys = ["latest_metrics", "params", "run_tags"]
}

extension ReadSession {
    fileprivate func keys(in table: String, ofRuns rows: [Int64]) throws -> [String] {
        let ids = try connection.query(
            """
            SELECT DISTINCT pair.key_id
            FROM json_each(?1) AS page
            CROSS JOIN \(table) AS pair ON pair.run_id = page.value
            """,
            jsonArray(rows)
        ).map { $0.int64(0) }
        return try ids.map { try keyName($0) }
    }
}
