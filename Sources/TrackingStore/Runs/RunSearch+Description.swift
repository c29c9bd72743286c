internal import Filter
internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    package func findRuns(_ search: RunSearch) throws -> SearchCursor<Run> { try find(search).cursor }
}

extension RunSearch: SearchDescription {
    static let table = "runs"

    var requestedSortKeyCount: Int { orderings.count }

    func statement(by accessPath: AccessPath, in session: ReadSession) throws -> SearchStatement {
        try RunSearchStatement(self, by: accessPath, in: session).statement
    }

    static func entities(rows: [Int64], in session: ReadSession) throws -> [Run] { try session.runs(rows: rows) }

    var selectsRowsByID: Bool { filter.contains(where: \.selectsRunsByID) }

    func metricScan(in session: ReadSession) throws -> MetricScan? {
        guard let first = orderings.first, first.entity == .metric, first.sortValue == .value else { return nil }
        var allEntries = SearchStatement(rowColumn: "run_id", source: "latest_metrics")
        allEntries.conditions = ["key_id = \(allEntries.bind(try session.connection.keyID(for: first.key)))"]
        var numbers = allEntries
        numbers.conditions.append("is_nan = 0")
        numbers.terms = [SortTerm("value", ascending: first.ascending, .real)]
        return MetricScan(classes: [.number, .notANumber, .missing], allEntries: allEntries, numbers: numbers)
    }

    var isInOrderOfAnIndex: Bool {
        guard let first = orderings.first else { return true }
        guard first.sortValue == .value else { return false }
        return first.entity == .metric || first.entity == .attribute && first.key == "start_time"
    }

    func isAnsweredByIndex(_ comparison: Comparison) -> Bool {
        switch (comparison.entity, comparison.comparisonOperator) {
        case (.metric, .equal), (.metric, .greater), (.metric, .greaterOrEqual), (.metric, .less),
            (.metric, .lessOrEqual), (.parameter, .equal), (.tag, .equal):
            true
        case (.attribute, .equal): comparison.isRunName
        default: false
        }
    }

    func isFullyAnsweredByIndex(_ comparison: Comparison) -> Bool { comparison.entity == .metric }

    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64 {
        try rowsOfExperiments(upTo: limit, in: session)
    }

    /// Returns the SQL for the rows that meet a comparison.
    ///
    /// For a text, the SQL also finds rows whose text differs only after the first 40 characters, because the index does
    /// not contain the rest of each text.
    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement {
        var rows = SearchStatement(rowColumn: "run_id", source: "latest_metrics")
        rows.conditions.append("key_id = \(rows.bind(try session.connection.keyID(for: comparison.storedKey)))")
        if comparison.entity == .metric {
            rows.conditions += ["is_nan = 0", try rows.condition("value", comparison)]
        } else if case .text(let text) = comparison.value {
            rows.source = comparison.entity == .parameter ? "params" : "run_tags"
            rows.conditions.append("substr(value, 1, 40) = substr(\(rows.bind(text)), 1, 40)")
        }
        return rows
    }
}
