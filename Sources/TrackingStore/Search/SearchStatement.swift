internal import SQLite
internal import Tracking

/// One SQL expression of an ORDER BY clause.
struct SortTerm {
    enum Kind {
        case integer
        case real
        case text
    }

    var expression: String
    var isAscending: Bool
    var kind: Kind

    init(_ expression: String, ascending: Bool = true, _ kind: Kind) {
        self.expression = expression
        isAscending = ascending
        self.kind = kind
    }

    /// Reads the value of the term from a row, exactly as the database stores it.
    func value(in row: Statement, column: Int) -> SortValue {
        if row.isNull(column) { return .null }
        return switch kind {
        case .integer: .integer(row.int64(column))
        case .real: .real(row.double(column))
        case .text: .text(row.string(column))
        }
    }
}

extension SortValue: Bindable {
    func bind(to statement: Statement, at position: Int) throws {
        switch self {
        case .null: try statement.bindNull(at: position)
        case .integer(let number): try statement.bind(number, at: position)
        case .real(let number): try statement.bind(number, at: position)
        case .text(let text): try statement.bind(text, at: position)
        }
    }
}

/// An SQL SELECT that is built step by step.
///
/// The SQL text never contains a value from a client; all values are bound.
struct SearchStatement {
    /// The column with the integer id of a row.
    var rowColumn: String
    /// The FROM clause: the table and its joins.
    var source: String
    var conditions: [String] = []
    /// The ORDER BY terms; together they are unique, so that the order is total.
    var terms: [SortTerm] = []
    private(set) var values: [any Bindable] = []
    private var aliasCount = 0
    private var joinCount = 0

    init(rowColumn: String, source: String) {
        self.rowColumn = rowColumn
        self.source = source
    }

    /// Binds a value, and returns its placeholder.
    mutating func bind(_ value: any Bindable) -> String {
        values.append(value)
        return "?\(values.count)"
    }

    /// Returns a table alias that the statement does not use yet.
    mutating func alias(_ stem: String) -> String {
        aliasCount += 1
        return "\(stem)_\(aliasCount)"
    }

    /// The maximum number of joins: SQLite's maximum of 64 tables (https://sqlite.org/limits.html §9), minus the
    /// searched table and a table that the access path may add.
    private static let maximumJoins = 62

    /// Adds a join to the FROM clause.
    ///
    /// - Returns: false, without adding the join, if there are already `limit` joins.
    mutating func joinIfPossible(_ join: String, upTo limit: Int = maximumJoins) -> Bool {
        guard joinCount < limit else { return false }
        joinCount += 1
        source += "\n    " + join
        return true
    }

    /// The maximum number of conditions, each of which usually binds one or two values; SQLite's limit for bound values
    /// is 32,766 (https://sqlite.org/limits.html §9).
    private static let maximumConditions = 5_000
    /// The maximum number of sort terms, usually two for each sort key; SQLite's limit for columns is 2,000 (same page, §2).
    private static let maximumTerms = 800

    private func requireLegalSize() throws(TrackingError) {
        guard conditions.count <= Self.maximumConditions, values.count <= 3 * Self.maximumConditions else {
            throw .invalidParameter(
                "The search has more than \(Self.maximumConditions) conditions or lists more than "
                    + "\(3 * Self.maximumConditions) values. Use fewer."
            )
        }
        guard terms.count <= Self.maximumTerms else {
            throw .invalidParameter("The search orders by more than \(Self.maximumTerms / 2) keys. Use fewer.")
        }
    }

    /// Joins all conditions with AND, in groups, so that the expression stays within SQLite's depth limit.
    private static func conjunction(_ conditions: [String]) -> String {
        guard conditions.count > conditionsPerGroup else { return conditions.joined(separator: "\n    AND ") }
        let groups = stride(from: 0, to: conditions.count, by: conditionsPerGroup).map { start in
            "(" + conditions[start...].prefix(conditionsPerGroup).joined(separator: "\n    AND ") + ")"
        }
        return groups.joined(separator: "\n    AND ")
    }

    /// The maximum number of conditions in a group: SQLite accepts expressions of depth 1,000, and each AND adds one level.
    private static let conditionsPerGroup = 100

    /// Runs the search and returns its rows after a given row.
    ///
    /// - Parameters:
    ///   - count: the maximum number of rows.
    ///   - last: the sort values of the row after which the search starts; nil to start at the beginning.
    ///   - offset: the number of rows to skip.
    ///   - kept: the index of the row whose sort values are returned.
    /// - Throws: `.invalidParameterValue` for too many conditions, values or sort keys.
    func rows(
        _ count: Int,
        after last: [SortValue]? = nil,
        offset: Int64 = 0,
        keepingValuesOf kept: Int,
        in connection: Connection
    ) throws -> SearchRows {
        try requireLegalSize()
        var statement = self
        if let last {
            guard last.count == terms.count else { throw PageToken.malformed }
            statement.conditions.append(statement.keysetCondition(after: last))
        }
        let sql = """
            SELECT \(([rowColumn] + terms.map(\.expression)).joined(separator: ", "))
            FROM \(statement.source)
            WHERE \(Self.conjunction(statement.conditions))
            ORDER BY \(terms.map { $0.expression + ($0.isAscending ? "" : " DESC") }.joined(separator: ", "))
            LIMIT \(statement.bind(count)) OFFSET \(statement.bind(offset))
            """
        var found = SearchRows()
        try connection.query(sql, values: statement.values).forEachRow { row in
            if found.rows.count == kept {
                found.keptValues = terms.indices.map { terms[$0].value(in: row, column: $0 + 1) }
            }
            found.rows.append(row.int64(0))
        }
        return found
    }

    /// Restricts the search to the rows of some experiments.
    ///
    /// - Parameter selectsByID: whether the filter selects rows by their ids. The unary plus then prevents SQLite from
    ///   using the index of experiments instead.
    mutating func restrict(_ table: String, to experimentIDs: [Int64], selectsByID: Bool = false) {
        let column = (selectsByID ? "+" : "") + table + ".experiment_id"
        if experimentIDs.count == 1, let id = experimentIDs.first {
            conditions.append("\(column) = \(bind(id))")
        } else {
            conditions.append("\(column) IN (SELECT value FROM json_each(\(bind(jsonArray(experimentIDs)))))")
        }
    }

    /// Excludes the rows whose first sort value equals `value` or comes after it.
    mutating func end(before value: SortValue) {
        guard let first = terms.first else { return }
        conditions.append("\(first.expression) \(first.isAscending ? "<" : ">") \(bind(value))")
    }

    /// Skips `count` rows, and returns the first sort value of the next row; nil if there are fewer rows.
    ///
    /// - Parameter start: the search begins with the first row whose first sort value is `start` or comes after it; nil to begin
    ///   with the first row of all.
    mutating func value(skipping count: Int, from start: SortValue?, in session: ReadSession) throws -> SortValue? {
        guard let first = terms.first else { return nil }
        if let start { conditions.append("\(first.expression) \(first.isAscending ? ">=" : "<=") \(bind(start))") }
        let sql = """
            SELECT \(first.expression) \(text)
            ORDER BY \(first.expression)\(first.isAscending ? "" : " DESC")
            LIMIT 1 OFFSET \(bind(count))
            """
        return try session.connection.query(sql, values: values).firstRow { first.value(in: $0, column: 0) }
    }

    /// The FROM and WHERE clauses.
    var text: String { "FROM \(source) WHERE \(Self.conjunction(conditions))" }

    /// Returns the condition for the rows that come after the row with these sort values.
    ///
    /// A row comes after that row if its own first term is beyond the first value, or if the two are equal and its
    /// second term is beyond the second value, and so on. A comparison with NULL is never true. The result is still
    /// correct, because before each term that can be NULL, another term separates the rows with and without NULL. The first
    /// term is never NULL.
    private mutating func keysetCondition(after last: [SortValue]) -> String {
        var equal: [String] = []
        var alternatives: [String] = []
        var range: [String] = []
        for (term, value) in zip(terms, last) {
            let placeholder = bind(value)
            let direction = term.isAscending ? ">" : "<"
            // The range makes SQLite seek to the end of the previous page. The unary plus prevents SQLite from using a
            // separate index for each alternative, which would lose the order.
            if range.isEmpty { range = ["\(term.expression) \(direction)= \(placeholder)"] }
            let beyond = "+\(term.expression) \(direction) \(placeholder)"
            alternatives.append("(" + (equal + [beyond]).joined(separator: " AND ") + ")")
            equal.append("+\(term.expression) IS \(placeholder)")
        }
        return (range + ["(" + alternatives.joined(separator: " OR ") + ")"]).joined(separator: " AND ")
    }
}

/// The rows that a search found.
struct SearchRows {
    /// The row ids, in order.
    var rows: [Int64] = []
    /// The sort values of the row at the requested index; nil if there are fewer rows.
    var keptValues: [SortValue]?
}

extension ReadSession {
    /// Counts the rows of a statement, without its order, but stops at the limit.
    func count(_ statement: SearchStatement, upTo limit: Int64? = nil) throws -> Int64 {
        var statement = statement
        var sql = "SELECT count(*) \(statement.text)"
        if let limit { sql = "SELECT count(*) FROM (SELECT 1 \(statement.text) LIMIT \(statement.bind(limit)))" }
        return try connection.query(sql, values: statement.values).firstRow { $0.int64(0) } ?? 0
    }
}
