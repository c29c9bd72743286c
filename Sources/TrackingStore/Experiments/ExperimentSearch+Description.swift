internal import Filter
internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    package func findExperiments(_ search: ExperimentSearch) throws -> SearchCursor<Experiment> {
        try find(search).cursor
    }
}

extension ExperimentSearch: SearchDescription {
    static let table = "experiments"

    var requestedSortKeyCount: Int { orderings.count }

    static func entities(rows: [Int64], in session: ReadSession) throws -> [Experiment] {
        try session.experiments(ids: rows)
    }

    func statement(by accessPath: AccessPath, in session: ReadSession) throws -> SearchStatement {
        var statement = SearchStatement(rowColumn: "experiments.id", source: "experiments")
        switch viewType {
        case .activeOnly: statement.conditions.append("experiments.lifecycle_stage = 0")
        case .deletedOnly: statement.conditions.append("experiments.lifecycle_stage = 1")
        case .all: statement.conditions.append("experiments.lifecycle_stage IN (0, 1)")
        }
        if let condition = scope?.condition("experiments.id", in: &statement) { statement.conditions.append(condition) }
        for comparison in filter { try Self.add(comparison, to: &statement) }
        statement.terms = SearchSubject.experiments.withTieBreakers(orderings).map { ordering in
            let (column, kind) = Self.attribute(ordering.key)
            return SortTerm(column, ascending: ordering.ascending, kind)
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
            "FROM experiment_tags AS \(row) WHERE \(row).experiment_id = experiments.id AND \(row).key = \(key)"
        switch comparison.comparisonOperator {
        case .isNull: statement.conditions.append("NOT EXISTS (SELECT 1 \(tagged))")
        case .isNotNull: statement.conditions.append("EXISTS (SELECT 1 \(tagged))")
        default:
            let condition = try statement.condition("\(row).value", comparison)
            statement.conditions.append("EXISTS (SELECT 1 \(tagged) AND \(condition))")
        }
    }

    /// Returns the column of an attribute.
    ///
    /// - Parameter key: the canonical name. The parser returns only these three names and `experiment_id`.
    private static func attribute(_ key: String) -> (column: String, kind: SortTerm.Kind) {
        switch key {
        case "name": ("experiments.name", .text)
        case "creation_time": ("experiments.creation_time", .integer)
        case "last_update_time": ("experiments.last_update_time", .integer)
        default: ("experiments.id", .integer)
        }
    }
}
