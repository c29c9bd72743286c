internal import Filter
internal import Identities
internal import PostgreSQL
internal import Tracking

extension ExperimentSearch: SearchDescription {
    var requestedSortKeyCount: Int { orderings.count }

    static func key(_ row: PostgresRow) -> Int64 { row.int64(0) }

    static func entities(_ keys: [Int64], in session: PostgresReadSession) throws -> [Experiment] {
        try session.experiments(ids: keys)
    }

    func statement() throws -> SearchStatement {
        var statement = SearchStatement(keyColumns: ["experiments.experiment_id"], source: "experiments")
        statement.conditions.append("experiments.workspace = 'default'")
        switch viewType {
        case .activeOnly: statement.conditions.append("experiments.lifecycle_stage = 'active'")
        case .deletedOnly: statement.conditions.append("experiments.lifecycle_stage = 'deleted'")
        case .all: break
        }
        if let condition = scope?.condition("experiments.experiment_id", in: &statement) {
            statement.conditions.append(condition)
        }
        for comparison in filter { try Self.add(comparison, to: &statement) }
        statement.terms = SearchSubject.experiments.withTieBreakers(orderings).map { ordering in
            let column = Self.attribute(ordering.key)
            return SortTerm(column.sql, ascending: ordering.ascending, column.kind)
        }
        return statement
    }

    private static func add(_ comparison: Comparison, to statement: inout SearchStatement) throws {
        guard comparison.entity == .tag else {
            statement.conditions.append(try statement.condition(attribute(comparison.key), comparison))
            return
        }
        let row = statement.alias("tag")
        let key = statement.bind(comparison.key)
        let tagged =
            "FROM experiment_tags AS \(row) WHERE \(row).experiment_id = experiments.experiment_id AND \(row).key = \(key)"
        switch comparison.comparisonOperator {
        case .isNull: statement.addSubquery("NOT EXISTS (SELECT 1 \(tagged))")
        case .isNotNull: statement.addSubquery("EXISTS (SELECT 1 \(tagged))")
        default:
            let condition = try statement.condition(SearchColumn("\(row).value", .text), comparison)
            statement.addSubquery("EXISTS (SELECT 1 \(tagged) AND \(condition))")
        }
    }

    /// Experiments of early versions of MLflow have no times; a missing time is read as 0.
    ///
    /// - Parameter key: the canonical name. The parser returns only these three names and `experiment_id`.
    private static func attribute(_ key: String) -> SearchColumn {
        switch key {
        case "name": SearchColumn("experiments.name", .text)
        case "creation_time": SearchColumn("coalesce(experiments.creation_time, 0)", .integer)
        case "last_update_time": SearchColumn("coalesce(experiments.last_update_time, 0)", .integer)
        default: SearchColumn("experiments.experiment_id", .integer)
        }
    }
}
