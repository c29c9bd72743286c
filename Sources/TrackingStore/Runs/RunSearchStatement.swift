internal import Filter
internal import SQLite
internal import Tracking

/// Builds the SQL of a run search.
struct RunSearchStatement {
    private(set) var statement = SearchStatement(rowColumn: Self.rowColumn, source: "runs")
    private let session: ReadSession
    private static let rowColumn = "runs.id"
    /// The column with the row id of the run, for joins.
    private var runColumn = Self.rowColumn
    /// Whether the statement scans a metric's index of values, which has the order of the search.
    private var isOrderedScan = false

    /// - Parameter accessPath: how the rows are reached. The access path determines the order of the CROSS JOINs, which
    ///   SQLite does not change.
    init(_ search: RunSearch, by accessPath: AccessPath, in session: ReadSession) throws {
        self.session = session
        var filter = search.filter
        var orderings = SearchSubject.runs.withTieBreakers(search.orderings)
        switch accessPath {
        case .chosenBySQLite: break
        case .candidates(let candidates):
            filter = candidates.filter
            begin(with: candidates.rowIDs)
        case .metric(let metricClass):
            // The filter is tested on each entry of the scan. Equalities of params, tags and names come first, because
            // their own indexes reject most runs at little cost.
            let exact = filter.filter(\.isExactText)
            filter = exact + filter.filter { !$0.isExactText }
            isOrderedScan = metricClass == .number
            try begin(with: orderings.removeFirst(), metricClass)
        }
        restrict(to: search)
        for comparison in filter { try add(comparison) }
        // The table of runs is joined last, so that SQLite looks up only the runs that meet the other comparisons.
        if runColumn != Self.rowColumn {
            statement.source += "\n    CROSS JOIN runs ON \(Self.rowColumn) = \(runColumn)"
        }
        try order(by: orderings)
    }

    /// Starts the FROM clause with the row ids of the candidates: runs that an index of values has found, and that include all
    /// results.
    private mutating func begin(with candidates: [Int64]) {
        statement.source = "json_each(\(statement.bind(jsonArray(candidates)))) AS first"
        runColumn = "first.value"
    }

    /// Selects the runs of one class of a metric: by its index of values, or by the condition that they lack the metric.
    private mutating func begin(with ordering: Ordering, _ metricClass: MetricClass) throws {
        let keyID = statement.bind(try session.connection.keyID(for: ordering.key))
        switch metricClass {
        case .number, .notANumber:
            statement.source = "latest_metrics AS first INDEXED BY latest_metrics_by_value"
            runColumn = "first.run_id"
            statement.conditions.append("first.key_id = \(keyID) AND first.is_nan = \(metricClass.rawValue)")
            statement.terms.append(SortTerm("first.value", ascending: ordering.ascending, .real))
        case .missing:
            statement.conditions.append(
                """
                NOT EXISTS (SELECT 1 FROM latest_metrics AS first
                    WHERE first.run_id = runs.id AND first.key_id = \(keyID))
                """
            )
        }
    }

    private mutating func restrict(to search: RunSearch) {
        statement.restrict("runs", to: search.experimentIDs, selectsByID: search.selectsRowsByID)
        switch search.viewType {
        case .activeOnly: statement.conditions.append("runs.lifecycle_stage = 0")
        case .deletedOnly: statement.conditions.append("runs.lifecycle_stage = 1")
        case .all: break
        }
    }

    private mutating func add(_ comparison: Comparison) throws {
        switch comparison.entity {
        case .attribute:
            if comparison.isRunName {
                try addKeyValue(comparison, table: "run_tags")
            } else {
                statement.conditions.append(try statement.condition(Self.attribute(comparison.key), comparison))
            }
        case .metric: try addKeyValue(comparison, table: "latest_metrics")
        case .parameter: try addKeyValue(comparison, table: "params")
        case .tag: try addKeyValue(comparison, table: "run_tags")
        case .dataset: try addDataset(comparison)
        }
    }

    /// Adds a comparison of a metric, param or tag.
    ///
    /// IS NULL finds only runs that lack the metric, param or tag; all other comparisons find only runs that have it.
    private mutating func addKeyValue(_ comparison: Comparison, table: String) throws {
        let keyID = statement.bind(try session.connection.keyID(for: comparison.storedKey))
        let row = statement.alias("pair")
        let exists =
            "EXISTS (SELECT 1 FROM \(table) AS \(row) WHERE \(row).run_id = runs.id AND \(row).key_id = \(keyID))"
        switch comparison.comparisonOperator {
        case .isNull: statement.conditions.append("NOT " + exists)
        case .isNotNull: statement.conditions.append(exists)
        default:
            let ofRun = "\(row).run_id = \(runColumn) AND \(row).key_id = \(keyID)"
            let conditions = try valueConditions(comparison, row: row)
            let index = isOrderedScan && comparison.isExactText ? " INDEXED BY \(table)_by_value" : ""
            if statement.joinIfPossible(
                "CROSS JOIN \(table) AS \(row)\(index) ON \(ofRun)",
                upTo: Self.maximumJoinedComparisons
            ) {
                statement.conditions += conditions
            } else {
                let conditions = ([ofRun] + conditions).joined(separator: " AND ")
                statement.conditions.append("EXISTS (SELECT 1 FROM \(table) AS \(row) WHERE \(conditions))")
            }
        }
    }

    /// The maximum number of comparisons that join a table; further comparisons use EXISTS.
    ///
    /// SQLite joins at most 64 tables, and sort keys need some of them.
    private static let maximumJoinedComparisons = 31

    private mutating func valueConditions(_ comparison: Comparison, row: String) throws -> [String] {
        if comparison.entity == .metric {
            // NaN is stored as 0 with a flag. The only comparison that NaN meets is `!=`.
            let condition = try statement.condition("\(row).value", comparison)
            let isUnequal = comparison.comparisonOperator == .notEqual
            return isUnequal ? ["(\(condition) OR \(row).is_nan = 1)"] : [condition, "\(row).is_nan = 0"]
        }
        if comparison.comparisonOperator == .equal, case .text(let text) = comparison.value {
            // The index contains only the first 40 characters of the value. Without the plus in the second condition, SQLite
            // would replace the column by the text in the first condition too, which would then not match the expression of the
            // index.
            let beginning = "substr(\(row).value, 1, 40) = substr(\(statement.bind(text)), 1, 40)"
            return [beginning, try statement.condition("+\(row).value", comparison)]
        }
        return [try statement.condition("\(row).value", comparison)]
    }

    /// Adds a comparison of a dataset.
    ///
    /// A run matches even if each comparison is met by a different dataset of the run.
    private mutating func addDataset(_ comparison: Comparison) throws {
        let input = statement.alias("input")
        let joined = statement.alias("dataset")
        let condition: String
        let join: String
        if comparison.key == "context" {
            let key = statement.bind(Tag.datasetContextKey)
            join = "dataset_input_tags AS \(joined) ON \(joined).input_id = \(input).id AND \(joined).key = \(key)"
            condition = try statement.condition("\(joined).value", comparison)
        } else {
            join = "datasets AS \(joined) ON \(joined).id = \(input).dataset_id"
            condition = try statement.condition(
                "\(joined).\(comparison.key == "digest" ? "digest" : "name")",
                comparison
            )
        }
        statement.conditions.append(
            """
            EXISTS (SELECT 1 FROM dataset_inputs AS \(input) JOIN \(join)
                WHERE \(input).run_id = runs.id AND \(condition))
            """
        )
    }

    private mutating func order(by orderings: [Ordering]) throws {
        for ordering in orderings {
            switch ordering.entity {
            case .attribute:
                let (column, kind) = Self.attribute(ordering.key)
                // Missing values come last in both directions. Only the end time can be missing.
                if ordering.key == "end_time" { statement.terms.append(SortTerm("(\(column) IS NULL)", .integer)) }
                statement.terms.append(SortTerm(column, ascending: ordering.ascending, kind))
            case .metric: try order(byMetric: ordering)
            case .parameter: try order(ordering, byTable: "params")
            case .tag: try order(ordering, byTable: "run_tags")
            case .dataset: throw StoreCorruption("the parser returned an ordering by a dataset")
            }
        }
    }

    private mutating func order(byMetric ordering: Ordering) throws {
        if case .step(let step) = ordering.sortValue { return try order(byMetric: ordering, at: step) }
        let column = try joinSortRow(of: "latest_metrics", ordering)
        if ordering.sortValue != .value {
            let extreme = column(ordering.sortValue == .minimum ? "minimum" : "maximum")
            statement.terms.append(SortTerm("(\(extreme) IS NULL)", .integer))
            statement.terms.append(SortTerm(extreme, ascending: ordering.ascending, .real))
            return
        }
        // In both directions numbers come first, then NaN, then runs without the metric.
        statement.terms.append(SortTerm("coalesce(\(column("is_nan")), 2)", .integer))
        statement.terms.append(SortTerm(column("value"), ascending: ordering.ascending, .real))
    }

    /// Orders by a metric's value at a step.
    ///
    /// No index contains these values, so the metric's history is read for every run that is found.
    private mutating func order(byMetric ordering: Ordering, at step: Int64) throws {
        let keyID = statement.bind(try session.connection.keyID(for: ordering.key))
        let point = statement.alias("point")
        // A single term is used, so that the history is read once. A missing value must come last in both directions,
        // so it becomes infinity in ascending and minus infinity in descending order; stored numbers are finite.
        let missing = ordering.ascending ? "9e999" : "-9e999"
        let value = """
            coalesce((SELECT iif(\(point).is_nan, NULL, \(point).value) FROM metrics AS \(point)
                WHERE \(point).run_id = runs.id AND \(point).key_id = \(keyID)
                    AND \(point).step = \(statement.bind(step))
                ORDER BY \(point).timestamp DESC, \(point).value DESC LIMIT 1), \(missing))
            """
        statement.terms.append(SortTerm(value, ascending: ordering.ascending, .real))
    }

    private mutating func order(_ ordering: Ordering, byTable table: String) throws {
        let value = try joinSortRow(of: table, ordering)("value")
        if ordering.sortValue == .number {
            // In SQLite, a text equals its own cast to a number only if the text is a number.
            let isNumber = "\(value) = CAST(\(value) AS NUMERIC)"
            let valueClass = "CASE WHEN \(value) IS NULL THEN 2 WHEN \(isNumber) THEN 0 ELSE 1 END"
            let number = "CASE WHEN \(isNumber) THEN CAST(\(value) AS REAL) END"
            statement.terms.append(SortTerm(valueClass, .integer))
            statement.terms.append(SortTerm(number, ascending: ordering.ascending, .real))
        } else {
            statement.terms.append(SortTerm("(\(value) IS NULL)", .integer))
        }
        statement.terms.append(SortTerm(value, ascending: ordering.ascending, .text))
    }

    /// Joins the row that contains the value of a sort key.
    ///
    /// - Returns: a function that returns the SQL for a column of that row.
    private mutating func joinSortRow(of table: String, _ ordering: Ordering) throws -> (String) -> String {
        let keyID = statement.bind(try session.connection.keyID(for: ordering.key))
        let row = statement.alias("sort")
        let ofRun = "\(row).run_id = runs.id AND \(row).key_id = \(keyID)"
        if statement.joinIfPossible("LEFT JOIN \(table) AS \(row) ON \(ofRun)") { return { "\(row).\($0)" } }
        return { "(SELECT \(row).\($0) FROM \(table) AS \(row) WHERE \(ofRun))" }
    }

    /// Returns the column of an attribute.
    ///
    /// - Parameter key: the canonical name. The parser returns only these six names and `run_id`.
    private static func attribute(_ key: String) -> (column: String, kind: SortTerm.Kind) {
        switch key {
        case "start_time": ("runs.start_time", .integer)
        case "end_time": ("runs.end_time", .integer)
        case "status": (statusText, .text)
        case "user_id": ("runs.user_id", .text)
        case "artifact_uri": ("runs.artifact_uri", .text)
        case "run_name": ("runs.name", .text)
        default: ("runs.run_id", .text)
        }
    }

    /// The SQL for the name of a status, which is stored as a number.
    private static let statusText =
        "CASE runs.status "
        + RunStatus.allCases.map { "WHEN \($0.storedValue) THEN '\($0.wireName)'" }.joined(separator: " ") + " END"
}

extension Comparison {
    /// Whether the comparison is about the run's name.
    ///
    /// As in MLflow, such a comparison is made with the run name tag.
    var isRunName: Bool { entity == .attribute && key == "run_name" }

    /// Whether only runs with certain ids can meet the comparison.
    var selectsRunsByID: Bool {
        entity == .attribute && key == "run_id" && (comparisonOperator == .equal || comparisonOperator == .isIn)
    }

    /// Whether the comparison is an equality of a param, a tag or the run's name.
    fileprivate var isExactText: Bool {
        comparisonOperator == .equal && (entity == .parameter || entity == .tag || isRunName)
    }

    /// The key under which the compared value is stored: for the run's name, the key of the run name tag.
    var storedKey: String { isRunName ? Tag.runNameKey : key }
}
