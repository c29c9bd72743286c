internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func findRunTable(_ search: RunSearch, columns: [RunTableColumn]) throws -> SearchCursor<RunTableRow> {
        let reader = RunTableReader(columns)
        return try find(search).reading { try reader.read($0, in: $1) }
    }
}

/// Reads the rows of a run table, with one statement for the runs and one for each kind of value that the table has.
private struct RunTableReader: Sendable {
    /// The indices of the columns of one kind; the keys are those of the metrics, params or tags.
    private typealias Columns = [ExactText: [Int]]

    private let columnCount: Int
    private var params: Columns = [:]
    private var tags: Columns = [:]
    private var last: Columns = [:]
    private var minimum: Columns = [:]
    private var maximum: Columns = [:]
    private var steps: [Int64: Columns] = [:]

    init(_ columns: [RunTableColumn]) {
        columnCount = columns.count
        for (index, column) in columns.enumerated() {
            switch column {
            case .metric(let key, .last): last[ExactText(key), default: []].append(index)
            case .metric(let key, .minimum): minimum[ExactText(key), default: []].append(index)
            case .metric(let key, .maximum): maximum[ExactText(key), default: []].append(index)
            case .metric(let key, .step(let step)):
                steps[step, default: [:]][ExactText(key), default: []].append(index)
            case .param(let key): params[ExactText(key), default: []].append(index)
            case .tag(let key): tags[ExactText(key), default: []].append(index)
            }
        }
    }

    func read(_ ids: [String], in session: PostgresReadSession) throws -> [RunTableRow] {
        let runs = try session.ask(Self.runQuery, ids, Tag.parentRunIDKey)
        let values = [
            (params, try ask("SELECT run_uuid, key, value FROM params", params, ids, in: session)),
            (tags, try ask("SELECT run_uuid, key, value FROM tags", tags, ids, in: session)),
        ]
        let metrics = try ask("SELECT run_uuid, key, value, is_nan FROM latest_metrics", last, ids, in: session)
        let extremes = [
            (minimum, try ask(Self.extremes, minimum, ids, end: Self.order("value"), in: session)),
            (maximum, try ask(Self.extremes, maximum, ids, end: Self.order("value DESC"), in: session)),
        ]
        let points = try askForSteps(ids, in: session)

        var found: [ExactText: RunTableRow] = [:]
        try session.rows(runs).forEach { row in
            let run = RunTableRow(row: row, columnCount: columnCount)
            found[ExactText(run.runID)] = run
        }
        for (columns, ticket) in values { try fill(&found, columns, ticket, in: session) { .text($0.string(2)) } }
        try fill(&found, last, metrics, in: session) { .number($0.bool(3) ? .nan : $0.double(2)) }
        for (columns, ticket) in extremes {
            try fill(&found, columns, ticket, in: session) {
                .extreme(MetricExtreme(value: $0.double(2), step: $0.int64(3)))
            }
        }
        if let points {
            try session.rows(points).forEach { row in
                for index in steps[row.int64(4)]?[ExactText(row.string(1))] ?? [] {
                    found[ExactText(row.string(0))]?.values[index] = .number(row.bool(3) ? .nan : row.double(2))
                }
            }
        }
        return ids.compactMap { found[ExactText($0)] }
    }

    /// The time of the last logged metric is read only for running runs, because finding it requires reading all metrics of a
    /// run.
    private static let runQuery = """
        SELECT \(RunInfo.columns), (SELECT tag.value FROM tags AS tag WHERE tag.run_uuid = runs.run_uuid AND tag.key = $2),
            CASE runs.status WHEN '\(RunStatus.running.wireName)' THEN
                (SELECT max(metric.timestamp) FROM latest_metrics AS metric WHERE metric.run_uuid = runs.run_uuid)
            END
        FROM runs
        WHERE run_uuid = ANY($1)
        """

    private static let extremes = "SELECT DISTINCT ON (run_uuid, key) run_uuid, key, value, step FROM metrics"

    /// The clause that sorts the point with the extreme value first; of several such points, the one with the lowest step.
    private static func order(_ value: String) -> String { "AND NOT is_nan ORDER BY run_uuid, key, \(value), step" }

    private func ask(
        _ select: String,
        _ columns: Columns,
        _ ids: [String],
        end: String = "",
        in session: PostgresReadSession
    ) throws -> PostgresPipeline.Ticket? {
        guard !columns.isEmpty else { return nil }
        let keys = columns.keys.map(\.text).sorted()
        return try session.ask("\(select) WHERE run_uuid = ANY($1) AND key = ANY($2) \(end)", ids, keys)
    }

    /// Sends the query for the last point at each wanted step, in the order of (timestamp, value).
    private func askForSteps(_ ids: [String], in session: PostgresReadSession) throws -> PostgresPipeline.Ticket? {
        guard !steps.isEmpty else { return nil }
        let wanted = steps.flatMap { step, columns in columns.keys.map { (key: $0.text, step: step) } }
        let query = """
            SELECT DISTINCT ON (point.run_uuid, point.key, point.step)
                point.run_uuid, point.key, point.value, point.is_nan, point.step
            FROM unnest($2::text[], $3::bigint[]) AS wanted (key, step)
            JOIN metrics AS point ON point.key = wanted.key AND point.step = wanted.step
            WHERE point.run_uuid = ANY($1)
            ORDER BY point.run_uuid, point.key, point.step, point.timestamp DESC, point.value DESC, point.is_nan DESC
            """
        return try session.ask(query, ids, wanted.map(\.key), wanted.map(\.step))
    }

    private func fill(
        _ found: inout [ExactText: RunTableRow],
        _ columns: Columns,
        _ ticket: PostgresPipeline.Ticket?,
        in session: PostgresReadSession,
        _ value: (PostgresRow) -> RunTableValue
    ) throws {
        guard let ticket else { return }
        try session.rows(ticket).forEach { row in
            for index in columns[ExactText(row.string(1))] ?? [] {
                found[ExactText(row.string(0))]?.values[index] = value(row)
            }
        }
    }
}

extension RunTableRow {
    fileprivate init(row: PostgresRow, columnCount: Int) {
        let info = RunInfo(row: row)
        self.init(
            runID: info.runID,
            name: info.name,
            experimentID: info.experimentID,
            userID: info.userID,
            status: info.status,
            lifecycleStage: info.lifecycleStage,
            startTime: info.startTime,
            values: Array(repeating: .missing, count: columnCount)
        )
        endTime = info.endTime
        parentRunID = row.optionalString(RunInfo.columnCount)
        lastLogged = row.optionalInt64(RunInfo.columnCount + 1)
    }
}
