internal import Filter
internal import SQLite
internal import Tracking

/// Builds the SQL of a search of logged models.
struct LoggedModelSearchStatement {
    private static let rowColumn = "logged_models.id"

    private(set) var statement = SearchStatement(rowColumn: Self.rowColumn, source: "logged_models")
    private let session: ReadSession
    /// The column with the row id of the model, for conditions and joins.
    private var modelColumn = Self.rowColumn
    /// The row ids of the datasets whose metrics the filter compares; nil for all.
    private let datasetIDs: [Int64]?

    /// - Parameter accessPath: how the rows are reached. The access path determines the order of the CROSS JOINs, which
    ///   SQLite does not change.
    init(_ search: LoggedModelSearch, by accessPath: AccessPath, in session: ReadSession) throws {
        self.session = session
        datasetIDs = search.datasets.isEmpty ? nil : try session.datasetIDs(in: search.datasets)
        var filter = search.filter
        let ties = SearchSubject.loggedModels.tieBreaks(of: search.orderings.map(\.ordering))
        var clauses = search.orderings + ties.map { LoggedModelSearch.Clause(ordering: $0, dataset: nil) }
        switch accessPath {
        case .chosenBySQLite: break
        case .candidates(let candidates):
            filter = candidates.filter
            statement.source = "json_each(\(statement.bind(jsonArray(candidates.rowIDs)))) AS first"
            modelColumn = "first.value"
        case .metric(.missing): try excludeModelsWithMetric(of: clauses.removeFirst())
        case .metric: try begin(with: clauses.removeFirst())
        }
        if modelColumn != Self.rowColumn {
            statement.source += "\n    CROSS JOIN logged_models ON \(Self.rowColumn) = \(modelColumn)"
        }
        statement.restrict("logged_models", to: search.experimentIDs, selectsByID: search.selectsRowsByID)
        statement.conditions.append("logged_models.lifecycle_stage = 0")
        // SQLite tests the conditions in the order in which they are added. Metrics come last, because a model has a single value
        // of each param and tag, but may have any number of points of a metric.
        let (points, others) = (filter.filter { $0.entity == .metric }, filter.filter { $0.entity != .metric })
        for comparison in others + points { try add(comparison) }
        // If the filter compares no metric, a model is found only if it has a metric on one of the datasets.
        if datasetIDs != nil, !search.filter.contains(where: { $0.entity == .metric }) {
            try requireMetric(on: search.datasets)
        }
        try order(by: clauses)
    }

    /// Starts the FROM clause with the index of a metric's latest values, whose entries are in the order of the values.
    private mutating func begin(with clause: LoggedModelSearch.Clause) throws {
        let (keyID, scopeID) = try bindMetric(clause)
        statement.source = "latest_model_metrics AS first INDEXED BY latest_model_metrics_by_value"
        modelColumn = "first.model_id"
        statement.conditions.append("first.key_id = \(keyID) AND first.scope_id = \(scopeID)")
        statement.terms.append(SortTerm("first.value", ascending: clause.ordering.ascending, .real))
    }

    private mutating func excludeModelsWithMetric(of clause: LoggedModelSearch.Clause) throws {
        let (keyID, scopeID) = try bindMetric(clause)
        statement.conditions.append(
            """
            NOT EXISTS (SELECT 1 FROM latest_model_metrics AS first WHERE first.model_id = \(Self.rowColumn)
                AND first.key_id = \(keyID) AND first.scope_id = \(scopeID))
            """
        )
    }

    /// Binds the ids of a metric's key and of the scope of its datasets, which is 0 for all datasets; returns the placeholders.
    private mutating func bindMetric(_ clause: LoggedModelSearch.Clause) throws -> (keyID: String, scopeID: String) {
        let keyID = statement.bind(try session.connection.keyID(for: clause.ordering.key))
        let scopeID = try clause.dataset.map { try session.scopeID(of: $0) } ?? 0
        return (keyID, statement.bind(scopeID))
    }

    private mutating func add(_ comparison: Comparison) throws {
        switch comparison.entity {
        case .attribute:
            let condition = try statement.condition(Self.attribute(comparison.key), comparison)
            let isStatus = comparison.key == "status"
            statement.conditions.append(isStatus ? try orStatusName(condition, comparison) : condition)
        case .metric: try add(comparison, table: "model_metrics", isOnDatasets: true)
        case .parameter: try add(comparison, table: "logged_model_params")
        case .tag: try add(comparison, table: "logged_model_tags")
        case .dataset: throw StoreCorruption("the parser returned a comparison of a dataset")
        }
    }

    /// Adds a comparison of a metric, param or tag.
    ///
    /// The comparison finds only models that have the metric, param or tag.
    private mutating func add(_ comparison: Comparison, table: String, isOnDatasets: Bool = false) throws {
        let keyID = statement.bind(try session.connection.keyID(for: comparison.key))
        let row = statement.alias("pair")
        // The plus keeps SQLite from scanning the index of values, which contains all models, so it reads only the rows of the
        // model.
        let condition = try statement.condition("+\(row).value", comparison)
        var text = "SELECT 1 FROM \(table) AS \(row)"
        text += " WHERE \(row).model_id = \(modelColumn) AND \(row).key_id = \(keyID) AND \(condition)"
        if isOnDatasets, let datasetIDs {
            text += " AND \(row).dataset_id IN (SELECT value FROM json_each(\(statement.bind(jsonArray(datasetIDs)))))"
        }
        statement.conditions.append("EXISTS (\(text))")
    }

    private mutating func requireMetric(on scopes: [DatasetScope]) throws {
        let ids = statement.bind(jsonArray(try scopes.compactMap { try session.scopeID(of: $0) }))
        statement.conditions.append(
            """
            EXISTS (SELECT 1 FROM latest_model_metrics AS measured
                WHERE measured.model_id = \(modelColumn) AND measured.scope_id > 0
                AND measured.scope_id IN (SELECT value FROM json_each(\(ids))))
            """
        )
    }

    /// Returns a condition that is met by the number of a status or by its name.
    ///
    /// MLflow's documentation uses names, but its implementation compares only numbers.
    private mutating func orStatusName(_ condition: String, _ comparison: Comparison) throws -> String {
        let names = LoggedModelStatus.allCases.map { "WHEN \($0.wireNumber) THEN '\($0.filterName)'" }
        let name = "CASE logged_models.status \(names.joined(separator: " ")) END"
        let isNegated = comparison.comparisonOperator == .notEqual || comparison.comparisonOperator == .notIn
        return "(\(condition) \(isNegated ? "AND" : "OR") \(try statement.condition(name, comparison)))"
    }

    private mutating func order(by clauses: [LoggedModelSearch.Clause]) throws {
        for clause in clauses {
            guard clause.ordering.entity == .attribute else {
                try order(byMetric: clause)
                continue
            }
            let (column, kind) = Self.attribute(clause.ordering.key)
            // Missing values come last in both directions. Only the status message can be missing.
            if clause.ordering.key == "status_message" {
                statement.terms.append(SortTerm("(\(column) IS NULL)", .integer))
            }
            statement.terms.append(SortTerm(column, ascending: clause.ordering.ascending, kind))
        }
    }

    private mutating func order(byMetric clause: LoggedModelSearch.Clause) throws {
        let (keyID, scopeID) = try bindMetric(clause)
        let row = statement.alias("sort")
        let ofModel = """
            \(row).model_id = \(Self.rowColumn) AND \(row).key_id = \(keyID) AND \(row).scope_id = \(scopeID)
            """
        let isJoined = statement.joinIfPossible("LEFT JOIN latest_model_metrics AS \(row) ON \(ofModel)")
        let value =
            isJoined
            ? "\(row).value" : "(SELECT \(row).value FROM latest_model_metrics AS \(row) WHERE \(ofModel))"
        statement.terms.append(SortTerm("(\(value) IS NULL)", .integer))
        statement.terms.append(SortTerm(value, ascending: clause.ordering.ascending, .real))
    }

    /// Returns the column of an attribute.
    ///
    /// The status and the experiment id are stored as numbers.
    /// - Parameter key: the canonical name. The parser returns only these ten names and `lifecycle_stage`.
    private static func attribute(_ key: String) -> (column: String, kind: SortTerm.Kind) {
        switch key {
        case "model_id": ("logged_models.model_id", .text)
        case "experiment_id": ("logged_models.experiment_id", .integer)
        case "name": ("logged_models.name", .text)
        case "artifact_location": ("logged_models.artifact_uri", .text)
        case "creation_time": ("logged_models.creation_time", .integer)
        case "last_updated_time": ("logged_models.last_updated_time", .integer)
        case "status": ("logged_models.status", .integer)
        case "status_message": ("logged_models.status_message", .text)
        case "model_type": ("logged_models.model_type", .text)
        case "source_run_id": ("logged_models.source_run_id", .text)
        default: ("CASE logged_models.lifecycle_stage WHEN 0 THEN 'active' ELSE 'deleted' END", .text)
        }
    }
}
