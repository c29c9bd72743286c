internal import Filter
internal import SQLite
internal import Tracking

/// Carries out a search of the registry.
///
/// It walks the index of its order until the page is full, unless few rows have a tag that the filter asks for: those are
/// looked up and sorted. Whatever is chosen, the rows, their order and their page tokens are the same.
struct RegistrySearchPlan {
    private let search: RegistrySearch
    private let tables: RegistryTables
    private let connection: Connection

    init(_ search: RegistrySearch, _ tables: RegistryTables, in connection: Connection) {
        self.search = search
        self.tables = tables
        self.connection = connection
    }

    /// The numbers of the rows of one page, in order.
    func page() throws -> Page<Int64> {
        let statement = try statement()
        let digest = digest
        let start = try PageToken.parse(search.pageToken, digest: digest, termCount: statement.terms.count)
        return try statement.page(of: search.maxResults, startingAt: start, digest: digest, in: connection)
    }

    private var digest: UInt64 {
        var digest = QueryDigest()
        digest.add(tables.name)
        digest.add(search.filter)
        digest.add(search.orderings)
        return digest.value
    }

    private func statement() throws -> SearchStatement {
        var statement = SearchStatement(rowColumn: tables.name + ".id", source: tables.name)
        let rarest = try rareTag()
        for (index, comparison) in filter.enumerated() {
            if index == rarest {
                let tag = try tagged(comparison, in: &statement)
                statement.source = "\(tag.source) CROSS JOIN \(tables.name) ON \(tables.name).id = \(tag.owner)"
                statement.conditions += tag.conditions
            } else if comparison.entity == .tag {
                let tag = try tagged(comparison, in: &statement)
                let conditions = ["\(tag.owner) = \(tables.name).id"] + tag.conditions
                statement.conditions.append(
                    "EXISTS (SELECT 1 FROM \(tag.source) WHERE \(conditions.joined(separator: " AND ")))"
                )
            } else {
                statement.conditions.append(try attributeCondition(comparison, in: &statement))
            }
        }
        switch prompts {
        case .left:
            // Rows of a few runs are sorted; the index of the order knows nothing of runs.
            let listsRuns = filter.contains { $0.key == "run_id" && $0.comparisonOperator == .isIn }
            statement.conditions.append("\(listsRuns ? "+" : "")\(tables.name).is_prompt = 0")
        case .asked(marked: true): statement.conditions.append("\(tables.name).is_prompt = 1")
        case .asked(marked: false): break
        }
        if statement.conditions.isEmpty { statement.conditions.append("TRUE") }
        statement.terms = orderings.compactMap { ordering in
            tables.columns[ordering.key].map { SortTerm($0.column, ascending: ordering.ascending, $0.kind) }
        }
        return statement
    }

    private var orderings: [Ordering] {
        let wanted = search.orderings.isEmpty ? tables.defaultOrder : search.orderings
        return wanted + tables.tieBreaks.filter { tie in !wanted.contains { $0.key == tie.key } }
    }

    private func attributeCondition(_ comparison: Comparison, in statement: inout SearchStatement) throws -> String {
        guard let (column, kind) = tables.columns[comparison.key] else {
            throw StoreCorruption("the parser delivered the unknown attribute \(comparison.key)")
        }
        switch comparison.comparisonOperator {
        case .equal, .isIn: return try statement.condition(column, comparison)
        default:
            // With the plus no index is entered by what most rows may meet; the one of the order is walked.
            let isOrdered = orderings.first?.key == comparison.key
            return try statement.condition(((isOrdered ? "" : "+") + column, kind), comparison)
        }
    }

    // MARK: Tags

    /// The table of a comparison's tag under a name of its own, its owner column, and what its row has to meet.
    private func tagged(
        _ comparison: Comparison,
        in statement: inout SearchStatement
    ) throws -> (source: String, owner: String, conditions: [String]) {
        let row = statement.alias("tag")
        let key = statement.bind(comparison.key)
        // With the plus SQLite does not put the constant into the expression by which the index is entered.
        var conditions = ["\(row).key = \(key)", try statement.condition("+\(row).value", comparison)]
        if comparison.comparisonOperator == .equal, case .text(let text) = comparison.value {
            conditions.append("substr(\(row).value, 1, 40) = substr(\(statement.bind(text)), 1, 40)")
        }
        return ("\(tables.tags) AS \(row)", "\(row).\(tables.owner)", conditions)
    }

    /// The comparison with a tag that so few rows have that looking them all up costs less than walking the order until
    /// the page is full; nil when there is none.
    private func rareTag() throws -> Int? {
        let count = try connection.query("SELECT max(id) FROM \(tables.name)").firstRow { $0.int64(0) } ?? 0
        var limit = Int64((Double(search.maxResults + 1) * Double(max(count, 1))).squareRoot())
        var rarest: Int?
        for (index, comparison) in filter.enumerated() where comparison.entity == .tag {
            guard comparison.comparisonOperator == .equal, case .text(let text) = comparison.value else { continue }
            let sql = """
                SELECT count(*) FROM (
                    SELECT 1 FROM \(tables.tags)
                    WHERE key = ?1 AND substr(value, 1, 40) = substr(?2, 1, 40)
                    LIMIT ?3)
                """
            let rows = try connection.query(sql, comparison.key, text, limit).firstRow { $0.int64(0) } ?? 0
            if rows < limit { (rarest, limit) = (index, rows) }
        }
        return rarest
    }

    // MARK: Prompts

    private enum Prompts: Equatable {
        /// The search leaves them out.
        case left
        /// The search asks for them; `marked` when only by the value that marks a model as one.
        case asked(marked: Bool)
    }

    /// What the first comparison with the prompt tag decides (`_is_querying_prompt` in `sqlalchemy_store.py`).
    private var prompts: Prompts {
        guard let first = search.filter.first(where: \.isOfPromptTag), case .text(let text) = first.value else {
            return .left
        }
        switch (first.comparisonOperator, text.lowercased()) {
        case (.equal, "true"): return .asked(marked: text.isExactly("true"))
        case (.notEqual, "false"): return .asked(marked: false)
        default: return .left
        }
    }

    /// The comparisons that rows have to meet: none with the prompt tag when prompts are left out.
    private var filter: [Comparison] {
        prompts == .left ? search.filter.filter { !$0.isOfPromptTag } : search.filter
    }
}

extension Comparison {
    fileprivate var isOfPromptTag: Bool { entity == .tag && key.isExactly(Tag.isPromptKey) }
}
