internal import Filter
internal import Identities
internal import SQLite
internal import Tracking

/// A search of registered models or of model versions, as SQL.
struct RegistrySearchDescription<Tables: RegistryTables>: SearchDescription {
    let search: RegistrySearch
    /// The client's permissions; nil if the client may do everything.
    private var permissions: Permissions?

    init(search: RegistrySearch) { self.search = search }

    func within(_ permissions: Permissions) -> RegistrySearchDescription {
        var description = self
        description.permissions = permissions
        return description
    }

    static var table: String { Tables.name }
    var requestedSortKeyCount: Int { search.orderings.count }
    var maxResults: Int { search.maxResults }
    var pageToken: String? { search.pageToken }

    var digest: UInt64 { search.digest(of: Tables.name) }

    static func entities(rows: [Int64], in session: ReadSession) throws -> [Tables.Entity] {
        try Tables.entities(rows: rows, in: session)
    }

    func statement(by accessPath: AccessPath, in session: ReadSession) throws -> SearchStatement {
        let rowColumn = Tables.name + ".id"
        var statement = SearchStatement(rowColumn: rowColumn, source: Tables.name)
        var filter = filter
        if case .candidates(let candidates) = accessPath {
            filter = candidates.filter
            let rowIDs = statement.bind(jsonArray(candidates.rowIDs))
            statement.source = "json_each(\(rowIDs)) AS first CROSS JOIN \(Tables.name) ON \(rowColumn) = first.value"
        }
        for comparison in filter {
            if comparison.entity == .tag {
                let row = statement.alias("tag")
                let conditions = try Self.conditions(comparison, row: row, in: &statement)
                statement.conditions.append(
                    """
                    EXISTS (SELECT 1 FROM \(Tables.tagTable) AS \(row) WHERE \(row).\(Tables.ownerColumn) = \(rowColumn)
                        AND \(conditions.joined(separator: " AND ")))
                    """
                )
            } else {
                statement.conditions.append(try attributeCondition(comparison, in: &statement))
            }
        }
        switch search.prompts {
        case .excluded:
            // If the filter lists run ids, SQLite should use the index of run ids and sort the versions. The indexes in the
            // order of the search begin with `is_prompt` and contain no run ids; the plus keeps SQLite from using them.
            let listsRuns = filter.contains { $0.key == "run_id" && $0.comparisonOperator == .isIn }
            statement.conditions.append("\(listsRuns ? "+" : "")\(Tables.name).is_prompt = 0")
        case .included(onlyExactTag: true): statement.conditions.append("\(Tables.name).is_prompt = 1")
        case .included(onlyExactTag: false): break
        }
        if let permissions { statement.conditions.append(Self.visibilityCondition(with: permissions, in: &statement)) }
        if statement.conditions.isEmpty { statement.conditions.append("TRUE") }
        statement.terms = order.compactMap { ordering in
            Tables.columns[ordering.key].map { SortTerm($0.column, ascending: ordering.ascending, $0.kind) }
        }
        return statement
    }

    private static func visibilityCondition(
        with permissions: Permissions,
        in statement: inout SearchStatement
    ) -> String {
        let models = permissions.visibleModels(for: Tables.modelType)
        let prompts = permissions.visiblePrompts(for: Tables.promptType)
        let name = "+\(Tables.name).name"
        let modelCondition = models.condition(name, in: &statement) ?? "TRUE"
        let promptCondition = prompts.condition(name, in: &statement) ?? "TRUE"
        guard modelCondition != "TRUE" || promptCondition != "TRUE" else { return "TRUE" }
        return "CASE WHEN \(Tables.name).is_prompt THEN \(promptCondition) ELSE \(modelCondition) END"
    }

    private var order: [Ordering] { Tables.subject.withTieBreakers(search.orderings) }

    private func attributeCondition(_ comparison: Comparison, in statement: inout SearchStatement) throws -> String {
        guard let (column, kind) = Tables.columns[comparison.key] else {
            throw StoreCorruption("the parser returned the unknown attribute \(comparison.key)")
        }
        switch comparison.comparisonOperator {
        case .equal, .isIn: return try statement.condition(column, comparison)
        default:
            // The plus prevents SQLite from using an index on this column, because most rows may meet the condition.
            // SQLite can still use the index that has the search's order.
            let isOrdered = order.first?.key == comparison.key
            return try statement.condition(((isOrdered ? "" : "+") + column, kind), comparison)
        }
    }

    // MARK: Tags

    /// Returns the SQL conditions that a tag's row must meet to satisfy the comparison.
    private static func conditions(
        _ comparison: Comparison,
        row: String,
        in statement: inout SearchStatement
    ) throws -> [String] {
        // Without the plus, SQLite would replace the column in the `substr` below by the constant, and the expression would no
        // longer match that of the index.
        let key = statement.bind(comparison.key)
        var conditions = ["\(row).key = \(key)", try statement.condition("+\(row).value", comparison)]
        if comparison.comparisonOperator == .equal, case .text(let text) = comparison.value {
            conditions.append("substr(\(row).value, 1, 40) = substr(\(statement.bind(text)), 1, 40)")
        }
        return conditions
    }

    func isAnsweredByIndex(_ comparison: Comparison) -> Bool {
        comparison.entity == .tag && comparison.comparisonOperator == .equal
    }

    func indexRows(meeting comparison: Comparison, in session: ReadSession) throws -> SearchStatement {
        var rows = SearchStatement(rowColumn: Tables.ownerColumn, source: Tables.tagTable)
        guard case .text(let text) = comparison.value else { return rows }
        rows.conditions = [
            "key = \(rows.bind(comparison.key))", "substr(value, 1, 40) = substr(\(rows.bind(text)), 1, 40)",
        ]
        return rows
    }

    var filter: [Comparison] { search.effectiveFilter }
}
