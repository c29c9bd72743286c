internal import Filter
internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    package func findLoggedModels(_ search: LoggedModelSearch) throws -> SearchCursor<LoggedModel> {
        try find(search).cursor
    }
}

extension LoggedModelSearch: SearchDescription {
    static let table = "logged_models"

    var requestedSortKeyCount: Int { orderings.count }

    /// False, because MLflow's page tokens for this search contain more than an offset.
    var acceptsOffsetTokens: Bool { false }

    func statement(by accessPath: AccessPath, in session: ReadSession) throws -> SearchStatement {
        try LoggedModelSearchStatement(self, by: accessPath, in: session).statement
    }

    /// A page is read in parts, because its models may have many metric points.
    static func rowsReadAtOnce(of rows: [Int64], in session: ReadSession) throws -> [Int64] {
        try session.loggedModelsAtOnce(rows)
    }

    static func entities(rows: [Int64], in session: ReadSession) throws -> [LoggedModel] {
        try session.loggedModels(rows: rows)
    }

    var selectsRowsByID: Bool {
        filter.contains {
            $0.entity == .attribute && $0.key == "model_id" && [.equal, .isIn].contains($0.comparisonOperator)
        }
    }

    /// NaN is stored as 0, so every entry is a number, and there is no class for NaN.
    ///
    /// Scope 0 means all datasets.
    func metricScan(in session: ReadSession) throws -> MetricScan? {
        guard let first = orderings.first, first.ordering.entity == .metric else { return nil }
        var allEntries = SearchStatement(rowColumn: "model_id", source: "latest_model_metrics")
        let keyID = allEntries.bind(try session.connection.keyID(for: first.ordering.key))
        let scopeID = allEntries.bind(try first.dataset.map { try session.scopeID(of: $0) } ?? 0)
        allEntries.conditions = ["key_id = \(keyID)", "scope_id = \(scopeID)"]
        var numbers = allEntries
        numbers.terms = [SortTerm("value", ascending: first.ordering.ascending, .real)]
        return MetricScan(classes: [.number, .missing], allEntries: allEntries, numbers: numbers)
    }

    var isInOrderOfAnIndex: Bool {
        guard let first = orderings.first?.ordering else { return true }
        return first.entity == .metric || first.key == "creation_time" || first.key == "name"
    }

    func isAnsweredByIndex(_ comparison: Comparison) -> Bool {
        switch (comparison.entity, comparison.comparisonOperator) {
        case (.metric, .equal), (.metric, .greater), (.metric, .greaterOrEqual), (.metric, .less),
            (.metric, .lessOrEqual), (.parameter, .equal), (.tag, .equal):
            true
        case (.attribute, .equal): comparison.key == "name" || comparison.key == "source_run_id"
        // For other comparisons of names, the index of names helps only if the search orders by a metric: a scan would then have
        // to read each model's row for the name. In the default order, the scanned index itself contains the names.
        case (.attribute, _): comparison.key == "name" && orderings.first?.ordering.entity == .metric
        default: false
        }
    }

    /// Rows from the index of metric values need another test if the search names datasets, because that index does not contain
    /// the datasets.
    ///
    /// Rows for a param or tag always need another test, because the index contains only the first 40 characters of the value.
    func isFullyAnsweredByIndex(_ comparison: Comparison) -> Bool {
        comparison.entity == .attribute || comparison.entity == .metric && datasets.isEmpty
    }

    func rowCount(upTo limit: Int64, in session: ReadSession) throws -> Int64 {
        try rowsOfExperiments(upTo: limit, in: session)
    }

    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement {
        guard comparison.entity != .attribute else { return try indexRows(meetingAttribute: comparison) }
        var rows = SearchStatement(rowColumn: "model_id", source: "model_metrics")
        rows.conditions.append("key_id = \(rows.bind(try session.connection.keyID(for: comparison.key)))")
        if comparison.entity == .metric {
            rows.conditions.append(try rows.condition("value", comparison))
        } else if case .text(let text) = comparison.value {
            rows.source = comparison.entity == .parameter ? "logged_model_params" : "logged_model_tags"
            // The expression must be that of the index, which contains the first 40 characters.
            rows.conditions.append("substr(value, 1, 40) = substr(\(rows.bind(text)), 1, 40)")
        }
        return rows
    }

    private func indexRows(meetingAttribute comparison: Comparison) throws -> SearchStatement {
        guard comparison.key == "name" else {
            var rows = SearchStatement(rowColumn: "id", source: "logged_models INDEXED BY logged_models_by_source_run")
            rows.conditions.append(try rows.condition("source_run_id", comparison))
            return rows
        }
        var rows = SearchStatement(rowColumn: "id", source: "logged_models INDEXED BY logged_models_by_name")
        let ids = rows.bind(jsonArray(experimentIDs))
        rows.conditions = ["experiment_id IN (SELECT value FROM json_each(\(ids)))", "lifecycle_stage = 0"]
        rows.conditions.append(try rows.condition(("name", .text), comparison))
        return rows
    }
}

extension ReadSession {
    /// Returns the row id of a scope in `metric_datasets`; nil if no metric was ever logged on such a dataset.
    ///
    /// A scope is one dataset, all datasets with a name, or all datasets with a digest.
    func scopeID(of scope: DatasetScope) throws -> Int64? {
        try connection.metricDatasetID(name: scope.name, digest: scope.digest ?? "")
    }

    /// Returns the row ids of the datasets that belong to any of the scopes.
    func datasetIDs(in scopes: [DatasetScope]) throws -> [Int64] {
        try scopes.flatMap { scope in
            guard let digest = scope.digest else {
                return try connection.query("SELECT id FROM metric_datasets WHERE name = ?1", scope.name)
                    .map { $0.int64(0) }
            }
            return try connection.metricDatasetID(name: scope.name, digest: digest).map { [$0] } ?? []
        }
    }
}

extension Connection {
    /// Returns the row id of a name and a digest in `metric_datasets`; nil if there is no such row.
    ///
    /// The table has additional rows for scopes: a row with an empty digest stands for all datasets with the name, and a row
    /// with an empty name stands for all datasets with the digest.
    func metricDatasetID(name: String, digest: String) throws -> Int64? {
        try query("SELECT id FROM metric_datasets WHERE name = ?1 AND digest = ?2", name, digest)
            .firstRow { $0.int64(0) }
    }
}
