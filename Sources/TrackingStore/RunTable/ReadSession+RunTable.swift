internal import SQLite
package import Tracking

extension ReadSession {
    package func findRunTable(_ search: RunSearch, columns: [RunTableColumn]) throws -> SearchCursor<RunTableRow> {
        let reader = try RunTableReader(columns, in: self)
        return try find(search).cursor { try reader.read($0, in: $1) }
    }
}

/// Reads the rows of a run table, with one statement for the runs and one statement for each kind of column.
///
/// Each value of a metric at a step needs further statements.
private struct RunTableReader: Sendable {
    /// The columns of one kind, by the id of the key whose values they show.
    ///
    /// `index` is the index of a column in the table; `measure` has no meaning for params and tags.
    private typealias Columns = [Int64: [(index: Int, measure: RunTableColumn.Measure)]]

    private let columnCount: Int
    private var metrics: Columns = [:]
    private var params: Columns = [:]
    private var tags: Columns = [:]
    /// The id of the key of the parent run tag; nil if no run has ever had that tag.
    private let parentKeyID: Int64?

    /// - Parameter columns: the columns of the table. A column whose key no run has ever used stays empty.
    init(_ columns: [RunTableColumn], in session: ReadSession) throws {
        columnCount = columns.count
        parentKeyID = try session.connection.keyID(for: Tag.parentRunIDKey)
        for (index, column) in columns.enumerated() {
            switch column {
            case .metric(let key, let measure):
                guard let keyID = try session.connection.keyID(for: key) else { continue }
                metrics[keyID, default: []].append((index, measure))
            case .param(let key):
                guard let keyID = try session.connection.keyID(for: key) else { continue }
                params[keyID, default: []].append((index, .last))
            case .tag(let key):
                guard let keyID = try session.connection.keyID(for: key) else { continue }
                tags[keyID, default: []].append((index, .last))
            }
        }
    }

    func read(_ rows: [Int64], in session: ReadSession) throws -> [RunTableRow] {
        let page = jsonArray(rows)
        var found: [RunTableRow] = []
        found.reserveCapacity(rows.count)
        try session.connection.query(Self.runQuery, page, parentKeyID).forEachRow { row in
            found.append(try RunTableRow(row: row, columnCount: columnCount))
        }
        guard found.count == rows.count else { throw StoreCorruption("a run of the page is missing") }
        try fillMetrics(&found, page: page, rows: rows, in: session)
        try fill(&found, from: "params", params, page: page, rows: rows, in: session)
        try fill(&found, from: "run_tags", tags, page: page, rows: rows, in: session)
        return found
    }

    /// Reads the time of the last logged metric only for running runs, because all metrics of a run must be read to find this
    /// time.
    private static let runQuery = """
        SELECT runs.run_id, runs.name, runs.experiment_id, runs.user_id, runs.status, runs.lifecycle_stage,
            runs.start_time, runs.end_time,
            (SELECT tag.value FROM run_tags AS tag WHERE tag.run_id = runs.id AND tag.key_id = ?2),
            CASE runs.status WHEN \(RunStatus.running.storedValue) THEN
                (SELECT max(metric.timestamp) FROM latest_metrics AS metric WHERE metric.run_id = runs.id)
            END
        FROM json_each(?1) AS page
        CROSS JOIN runs ON runs.id = page.value
        ORDER BY page.id
        """

    private func fillMetrics(
        _ found: inout [RunTableRow],
        page: String,
        rows: [Int64],
        in session: ReadSession
    ) throws {
        guard !metrics.isEmpty else { return }
        let sql = """
            SELECT metric.run_id, metric.key_id, metric.value, metric.is_nan, metric.minimum, metric.minimum_step,
                metric.maximum, metric.maximum_step
            FROM json_each(?1) AS page
            CROSS JOIN latest_metrics AS metric
                ON metric.run_id = page.value AND metric.key_id IN (SELECT value FROM json_each(?2))
            """
        var steps: [(rowIndex: Int, column: Int, series: MetricSeries, step: Int64)] = []
        try session.forEachRow(of: sql, page: page, jsonArray(metrics.keys.sorted()), rows: rows) { rowIndex, row in
            let keyID = row.int64(1)
            let extremes = MetricExtremes(row: row, column: 4)
            for (index, measure) in metrics[keyID] ?? [] {
                switch measure {
                case .last: found[rowIndex].values[index] = .number(row.int64(3) != 0 ? .nan : row.double(2))
                case .minimum: found[rowIndex].values[index] = extremes.map { .extreme($0.minimum) } ?? .missing
                case .maximum: found[rowIndex].values[index] = extremes.map { .extreme($0.maximum) } ?? .missing
                case .step(let step):
                    steps.append((rowIndex, index, MetricSeries(runRow: rows[rowIndex], keyID: keyID), step))
                }
            }
        }
        for (rowIndex, column, series, step) in steps {
            guard let point = try session.point(of: series, at: step) else { continue }
            found[rowIndex].values[column] = .number(point.shownValue)
        }
    }

    private func fill(
        _ found: inout [RunTableRow],
        from table: String,
        _ columns: Columns,
        page: String,
        rows: [Int64],
        in session: ReadSession
    ) throws {
        guard !columns.isEmpty else { return }
        let sql = """
            SELECT pair.run_id, pair.key_id, pair.value
            FROM json_each(?1) AS page
            CROSS JOIN \(table) AS pair
                ON pair.run_id = page.value AND pair.key_id IN (SELECT value FROM json_each(?2))
            """
        try session.forEachRow(of: sql, page: page, jsonArray(columns.keys.sorted()), rows: rows) { rowIndex, row in
            let value = RunTableValue.text(row.string(2))
            for (index, _) in columns[row.int64(1)] ?? [] { found[rowIndex].values[index] = value }
        }
    }
}

extension RunTableRow {
    fileprivate init(row: Statement, columnCount: Int) throws {
        self.init(
            runID: row.string(0),
            name: row.string(1),
            experimentID: row.int64(2),
            userID: row.string(3),
            status: try RunStatus(storedValue: row.int64(4)),
            lifecycleStage: LifecycleStage(storedValue: row.int64(5)),
            startTime: row.int64(6),
            values: Array(repeating: .missing, count: columnCount)
        )
        endTime = row.optionalInt64(7)
        parentRunID = row.optionalString(8)
        lastLogged = row.optionalInt64(9)
    }
}
