internal import Filter
internal import PostgreSQL
internal import Tracking

extension RunSearch: SearchDescription {
    var requestedSortKeyCount: Int { orderings.count }

    func statement() throws -> SearchStatement { try RunSearchStatement(self).statement }

    static func key(_ row: PostgresRow) -> String { row.string(0) }

    static func entities(_ keys: [String], in session: PostgresReadSession) throws -> [Run] {
        try session.runs(ids: keys)
    }
}

/// Builds the SQL of a run search.
private struct RunSearchStatement {
    private(set) var statement = SearchStatement(keyColumns: ["runs.run_uuid"], source: "runs")
    /// Whether the values to sort by are looked up for each run and not joined, because PostgreSQL could take minutes to plan
    /// many joins.
    private let looksUpValues: Bool

    init(_ search: RunSearch) throws {
        looksUpValues = search.orderings.count > 3
        statement.conditions.append(statement.condition("runs.experiment_id", isIn: search.experimentIDs))
        switch search.viewType {
        case .activeOnly: statement.conditions.append("runs.lifecycle_stage = 'active'")
        case .deletedOnly: statement.conditions.append("runs.lifecycle_stage = 'deleted'")
        case .all: break
        }
        for comparison in search.filter { try add(comparison) }
        for ordering in SearchSubject.runs.withTieBreakers(search.orderings) { try order(by: ordering) }
    }

    private mutating func add(_ comparison: Comparison) throws {
        switch comparison.entity {
        // As in MLflow, the tag that contains the name is compared.
        case .attribute where comparison.key == "run_name":
            try addKeyValue(comparison, key: Tag.runNameKey, table: "tags")
        case .attribute:
            statement.conditions.append(try statement.condition(Self.attribute(comparison.key), comparison))
        case .metric: try addKeyValue(comparison, key: comparison.key, table: "latest_metrics")
        case .parameter: try addKeyValue(comparison, key: comparison.key, table: "params")
        case .tag: try addKeyValue(comparison, key: comparison.key, table: "tags")
        case .dataset: try addDataset(comparison)
        }
    }

    /// Adds a comparison of a metric, param or tag.
    ///
    /// IS NULL finds only runs that lack the metric, param or tag; all other comparisons find only runs that have it.
    private mutating func addKeyValue(_ comparison: Comparison, key: String, table: String) throws {
        let row = statement.alias("pair")
        var exists = "EXISTS (SELECT 1 FROM \(table) AS \(row) WHERE \(row).run_uuid = runs.run_uuid"
        exists += " AND \(row).key = \(statement.bind(key))"
        switch comparison.comparisonOperator {
        case .isNull: return statement.addSubquery("NOT \(exists))")
        case .isNotNull: return statement.addSubquery("\(exists))")
        default: break
        }
        let isMetric = comparison.entity == .metric
        let condition = try statement.condition(SearchColumn("\(row).value", isMetric ? .real : .text), comparison)
        if !isMetric {
            exists += " AND \(condition))"
        } else if comparison.comparisonOperator == .notEqual {
            // NaN is stored as 0 with a flag. The only comparison that NaN meets is `!=`.
            exists += " AND (\(condition) OR \(row).is_nan))"
        } else {
            exists += " AND \(condition) AND NOT \(row).is_nan)"
        }
        statement.addSubquery(exists)
    }

    /// Adds a comparison of a dataset.
    ///
    /// A run matches even if each comparison is met by a different dataset of the run.
    private mutating func addDataset(_ comparison: Comparison) throws {
        let input = statement.alias("input")
        let joined = statement.alias("dataset")
        let join: String
        let column: String
        if comparison.key == "context" {
            let key = statement.bind(Tag.datasetContextKey)
            join = "input_tags AS \(joined) ON \(joined).input_uuid = \(input).input_uuid AND \(joined).name = \(key)"
            column = "value"
        } else {
            join = "datasets AS \(joined) ON \(joined).dataset_uuid = \(input).source_id"
            column = comparison.key == "digest" ? "digest" : "name"
        }
        let condition = try statement.condition(SearchColumn("\(joined).\(column)", .text), comparison)
        statement.addSubquery(
            """
            EXISTS (SELECT 1 FROM inputs AS \(input) JOIN \(join)
                WHERE \(input).destination_id = runs.run_uuid AND \(input).destination_type = 'RUN'
                    AND \(input).source_type = 'DATASET' AND \(condition))
            """
        )
    }

    private mutating func order(by ordering: Ordering) throws {
        switch ordering.entity {
        case .attribute:
            let column = Self.attribute(ordering.key)
            // Missing values come last in both directions. Only the end time can be missing.
            if ordering.key == "end_time" { statement.terms.append(.isMissing(column.sql)) }
            statement.terms.append(SortTerm(column.sql, ascending: ordering.ascending, column.kind))
        case .metric: orderByMetric(ordering)
        case .parameter: order(ordering, byTable: "params")
        case .tag: order(ordering, byTable: "tags")
        case .dataset: throw StoreCorruption("the parser returned an ordering by a dataset")
        }
    }

    private mutating func orderByMetric(_ ordering: Ordering) {
        let row = statement.alias("sort")
        let key = statement.bind(ordering.key)
        let ofRun = "run_uuid = runs.run_uuid AND \(row)_points.key = \(key)"
        let points = "FROM metrics AS \(row)_points WHERE \(row)_points.\(ofRun)"
        switch ordering.sortValue {
        case .value, .number:
            join("latest_metrics", as: row, key: key)
            // In both directions numbers come first, then NaN, then runs without the metric.
            statement.terms.append(SortTerm("coalesce(\(row).is_nan::integer, 2)", .integer))
            statement.terms.append(SortTerm("\(row).value", ascending: ordering.ascending, .real))
        case .minimum, .maximum:
            // MLflow's tables contain no extremes, so the metric's history is read for every run that is found.
            let function = ordering.sortValue == .minimum ? "min" : "max"
            statement.join(
                "LEFT JOIN LATERAL (SELECT \(function)(value) AS value \(points) AND NOT is_nan) AS \(row) ON TRUE"
            )
            statement.terms.append(.isMissing("\(row).value"))
            statement.terms.append(SortTerm("\(row).value", ascending: ordering.ascending, .real))
        case .step(let step):
            statement.join(
                """
                LEFT JOIN LATERAL (SELECT CASE WHEN is_nan THEN NULL ELSE value END AS value \(points)
                    AND step = \(statement.bind(step)) ORDER BY timestamp DESC, value DESC LIMIT 1) AS \(row) ON TRUE
                """
            )
            // One term is enough, as in the SQLite store: stored numbers are finite, so infinity in place of a missing value puts
            // it last.
            let missing = ordering.ascending ? "Infinity" : "-Infinity"
            let value = "coalesce(\(row).value, '\(missing)'::double precision)"
            statement.terms.append(SortTerm(value, ascending: ordering.ascending, .real))
        }
    }

    /// Joins the row of a metric, param or tag, of which each run has one or none.
    private mutating func join(_ table: String, as row: String, key: String) {
        let joined =
            looksUpValues
            ? "LATERAL (SELECT * FROM \(table) WHERE run_uuid = runs.run_uuid AND key = \(key) OFFSET 0) AS \(row) ON TRUE"
            : "\(table) AS \(row) ON \(row).run_uuid = runs.run_uuid AND \(row).key = \(key)"
        statement.join("LEFT JOIN \(joined)")
    }

    private mutating func order(_ ordering: Ordering, byTable table: String) {
        let row = statement.alias("sort")
        let key = statement.bind(ordering.key)
        join(table, as: row, key: key)
        let value = "\(row).value"
        if ordering.sortValue == .number {
            let number = TextNumber(value)
            statement.terms.append(
                SortTerm("CASE WHEN \(value) IS NULL THEN 2 WHEN \(number.isNumber) THEN 0 ELSE 1 END", .integer)
            )
            statement.terms.append(SortTerm(number.value, ascending: ordering.ascending, .real))
        } else {
            statement.terms.append(.isMissing(value))
        }
        statement.terms.append(SortTerm(value, ascending: ordering.ascending, .text))
    }

    /// Other programs may have stored NULL where Apus stores an empty text or 0.
    ///
    /// - Parameter key: the canonical name. The parser returns only these six names and `run_id`.
    private static func attribute(_ key: String) -> SearchColumn {
        switch key {
        case "start_time": SearchColumn("coalesce(runs.start_time, 0)", .integer)
        case "end_time": SearchColumn("runs.end_time", .integer)
        case "status": SearchColumn("coalesce(runs.status, '')", .text)
        case "user_id": SearchColumn("coalesce(runs.user_id, '')", .text)
        case "artifact_uri": SearchColumn("coalesce(runs.artifact_uri, '')", .text)
        case "run_name": SearchColumn("coalesce(runs.name, '')", .text)
        default: SearchColumn("runs.run_uuid", .text)
        }
    }
}

/// The number that a stored text represents, in SQL.
///
/// A text is a number if SQLite can convert it: a decimal number, possibly with white space around it. PostgreSQL cannot convert
/// a number that is too large or too small for a double, so this SQL makes it infinite or 0, as SQLite does.
private struct TextNumber {
    /// The condition that the text is a number.
    let isNumber: String
    /// The number; NULL for other texts.
    let value: String

    init(_ text: String) {
        let trimmed = "btrim(\(text), E' \\t\\n\\x0B\\f\\r')"
        isNumber = "\(trimmed) ~ '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$'"
        // PostgreSQL may refuse a text with an exponent of 1,000 or more even as an exact number.
        let hasShortExponent = "\(trimmed) !~ '[eE][+-]?0*[1-9][0-9]{3,}$'"
        let isZero = "\(trimmed) !~ '^[^eE]*[1-9]'"
        let isTiny = "\(trimmed) ~ '[eE]-'"
        let isNegative = "\(trimmed) LIKE '-%'"
        let infinity = "(CASE WHEN \(isNegative) THEN '-Infinity' ELSE 'Infinity' END)::double precision"
        let exact = "(\(trimmed))::numeric"
        value = """
            CASE WHEN NOT (\(isNumber)) THEN NULL
                WHEN \(isZero) THEN 0::double precision
                WHEN NOT (\(hasShortExponent)) THEN
                    CASE WHEN \(isTiny) THEN 0::double precision ELSE \(infinity) END
                WHEN abs(\(exact)) >= 1.7976931348623158e308 THEN \(infinity)
                WHEN abs(\(exact)) < 5e-324 THEN 0::double precision
                ELSE (\(exact))::double precision END
            """
    }
}
