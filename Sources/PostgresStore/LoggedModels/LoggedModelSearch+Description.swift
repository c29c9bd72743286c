internal import Filter
internal import PostgreSQL
internal import Tracking

extension LoggedModelSearch: SearchDescription {
    var requestedSortKeyCount: Int { orderings.count }

    /// False, because MLflow's page tokens for this search contain more than an offset.
    var acceptsOffsetTokens: Bool { false }

    func statement() throws -> SearchStatement { try LoggedModelSearchStatement(self).statement }

    static func key(_ row: PostgresRow) -> String { row.string(0) }

    static func keysReadAtOnce(of keys: [String], in session: PostgresReadSession) throws -> [String] {
        try session.loggedModelsAtOnce(keys)
    }

    static func entities(_ keys: [String], in session: PostgresReadSession) throws -> [LoggedModel] {
        try session.loggedModels(ids: keys)
    }
}

/// Builds the SQL of a search of logged models.
private struct LoggedModelSearchStatement {
    private(set) var statement = SearchStatement(keyColumns: ["logged_models.model_id"], source: "logged_models")
    private let datasets: [DatasetScope]

    init(_ search: LoggedModelSearch) throws {
        datasets = search.datasets
        statement.conditions = [
            statement.condition("logged_models.experiment_id", isIn: search.experimentIDs),
            "logged_models.lifecycle_stage = 'active'",
        ]
        for comparison in search.filter { try add(comparison) }
        // If the filter compares no metric, a model needs a metric on one of the datasets.
        if !datasets.isEmpty, !search.filter.contains(where: { $0.entity == .metric }) {
            let row = statement.alias("measured")
            let scopes = datasets.map { isInScope(row, $0) }.joined(separator: " OR ")
            statement.addSubquery("EXISTS (\(Self.pointsQuery(row)) AND (\(scopes)))")
        }
        let ties = SearchSubject.loggedModels.tieBreaks(of: search.orderings.map(\.ordering))
        for clause in search.orderings + ties.map({ LoggedModelSearch.Clause(ordering: $0, dataset: nil) }) {
            order(by: clause)
        }
    }

    private static func pointsQuery(_ alias: String) -> String {
        "SELECT 1 FROM logged_model_metrics AS \(alias) WHERE \(alias).model_id = logged_models.model_id"
    }

    private mutating func add(_ comparison: Comparison) throws {
        switch comparison.entity {
        case .attribute:
            let condition = try statement.condition(Self.attribute(comparison.key), comparison)
            let isStatus = comparison.key == "status"
            statement.conditions.append(isStatus ? try orStatusName(condition, comparison) : condition)
        case .metric:
            // A model meets a comparison of a metric if any point of that metric meets it.
            let row = statement.alias("pair")
            let key = statement.bind(comparison.key)
            let condition = try statement.condition(SearchColumn("\(row).metric_value", .real), comparison)
            var exists = "\(Self.pointsQuery(row)) AND \(row).metric_name = \(key) AND \(condition)"
            if !datasets.isEmpty {
                exists += " AND (\(datasets.map { isInNamedScope(row, $0) }.joined(separator: " OR ")))"
            }
            statement.addSubquery("EXISTS (\(exists))")
        case .parameter: try add(comparison, table: "logged_model_params", "param_key", "param_value")
        case .tag: try add(comparison, table: "logged_model_tags", "tag_key", "tag_value")
        case .dataset: throw StoreCorruption("the parser returned a comparison of a dataset")
        }
    }

    /// Adds a comparison of a param or tag, which finds only models that have it.
    private mutating func add(
        _ comparison: Comparison,
        table: String,
        _ keyColumn: String,
        _ valueColumn: String
    ) throws {
        let row = statement.alias("pair")
        let key = statement.bind(comparison.key)
        let condition = try statement.condition(SearchColumn("\(row).\(valueColumn)", .text), comparison)
        statement.addSubquery(
            """
            EXISTS (SELECT 1 FROM \(table) AS \(row) WHERE \(row).model_id = logged_models.model_id
                AND \(row).\(keyColumn) = \(key) AND \(condition))
            """
        )
    }

    /// Returns the condition that a point belongs to a scope with a name, as each of `datasets` has.
    private mutating func isInNamedScope(_ alias: String, _ scope: DatasetScope) -> String {
        let isNamed = "\(alias).dataset_name = \(statement.bind(scope.name))"
        return scope.digest.map { "(\(isNamed) AND \(alias).dataset_digest = \(statement.bind($0)))" } ?? isNamed
    }

    /// Returns the condition that a point belongs to a scope: the name and the digest of a dataset.
    ///
    /// If the scope's name or digest is empty, only the other one is compared; if both are empty, no point belongs to the scope.
    private mutating func isInScope(_ alias: String, _ scope: DatasetScope) -> String {
        var conditions: [String] = []
        if !scope.name.isEmpty { conditions.append("\(alias).dataset_name = \(statement.bind(scope.name))") }
        if let digest = scope.digest, !digest.isEmpty {
            conditions.append("\(alias).dataset_digest = \(statement.bind(digest))")
        }
        return conditions.isEmpty ? "FALSE" : "(" + conditions.joined(separator: " AND ") + ")"
    }

    /// Returns a condition that is met by the number of a status or by its name.
    ///
    /// MLflow's documentation uses names, but its implementation compares only numbers.
    private mutating func orStatusName(_ condition: String, _ comparison: Comparison) throws -> String {
        let names = LoggedModelStatus.allCases.map { "WHEN \($0.wireNumber) THEN '\($0.filterName)'" }
        let name = SearchColumn("CASE logged_models.status \(names.joined(separator: " ")) END", .text)
        let isNegated = comparison.comparisonOperator == .notEqual || comparison.comparisonOperator == .notIn
        return "(\(condition) \(isNegated ? "AND" : "OR") \(try statement.condition(name, comparison)))"
    }

    private mutating func order(by clause: LoggedModelSearch.Clause) {
        let ordering = clause.ordering
        guard ordering.entity != .attribute else {
            let column = Self.attribute(ordering.key)
            // Missing values come last in both directions. Only the status message can be missing.
            if ordering.key == "status_message" { statement.terms.append(.isMissing(column.sql)) }
            statement.terms.append(SortTerm(column.sql, ascending: ordering.ascending, column.kind))
            return
        }
        let row = statement.alias("sort")
        let key = statement.bind(ordering.key)
        let scopeCondition = clause.dataset.map { " AND " + isInScope("point", $0) } ?? ""
        // The first row is the latest point in the order of `ModelMetricPoint.supersedes`.
        statement.join(
            """
            LEFT JOIN LATERAL (SELECT point.metric_value AS value FROM logged_model_metrics AS point
                WHERE point.model_id = logged_models.model_id AND point.metric_name = \(key)\(scopeCondition)
                ORDER BY point.metric_timestamp_ms DESC, point.metric_step DESC, point.run_id COLLATE "C",
                    point.metric_value DESC LIMIT 1) AS \(row) ON TRUE
            """
        )
        statement.terms.append(.isMissing("\(row).value"))
        statement.terms.append(SortTerm("\(row).value", ascending: ordering.ascending, .real))
    }

    /// Returns the column of an attribute, where a NULL that another program stored counts as the empty text that Apus stores.
    ///
    /// - Parameter key: the canonical name. The parser returns only these ten names and `lifecycle_stage`.
    private static func attribute(_ key: String) -> SearchColumn {
        switch key {
        case "model_id": SearchColumn("logged_models.model_id", .text)
        case "experiment_id": SearchColumn("logged_models.experiment_id", .integer)
        case "name": SearchColumn("logged_models.name", .text)
        case "artifact_location": SearchColumn("logged_models.artifact_location", .text)
        case "creation_time": SearchColumn("logged_models.creation_timestamp_ms", .integer)
        case "last_updated_time": SearchColumn("logged_models.last_updated_timestamp_ms", .integer)
        case "status": SearchColumn("logged_models.status", .integer)
        case "status_message": SearchColumn("logged_models.status_message", .text)
        case "model_type": SearchColumn("coalesce(logged_models.model_type, '')", .text)
        case "source_run_id": SearchColumn("coalesce(logged_models.source_run_id, '')", .text)
        default: SearchColumn("logged_models.lifecycle_stage", .text)
        }
    }
}
