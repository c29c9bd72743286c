internal import SQLite
internal import Tracking

/// One expression by which rows are sorted.
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

    /// The value of the term in a row, exactly as the database holds it.
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

/// A search while it is being put together: SQL text from our own pieces, values bound.
struct SearchStatement {
    /// The column that names a row, an integer.
    var rowColumn: String
    /// The table and its joins.
    var source: String
    var conditions: [String] = []
    /// Together unique, so that the order is total.
    var terms: [SortTerm] = []
    private(set) var values: [any Bindable] = []
    private var joinCount = 0
    private var sourceJoins = 0

    init(rowColumn: String, source: String) {
        self.rowColumn = rowColumn
        self.source = source
    }

    /// A placeholder for a value.
    mutating func bind(_ value: any Bindable) -> String {
        values.append(value)
        return "?\(values.count)"
    }

    /// A table name that no other join of the statement has.
    mutating func alias(_ stem: String) -> String {
        joinCount += 1
        return "\(stem)_\(joinCount)"
    }

    /// The tables that SQLite joins at the most (https://sqlite.org/limits.html §9), less the one that is searched and one
    /// by which its rows may be reached.
    private static let maximumJoins = 62

    /// Adds a join to the source.
    ///
    /// - Returns: false, with nothing added, when there are as many joins as SQLite carries out, or as `limit` says.
    mutating func join(_ join: String, upTo limit: Int = maximumJoins) -> Bool {
        guard sourceJoins < limit else { return false }
        sourceJoins += 1
        source += "\n    " + join
        return true
    }

    /// What SQLite compares and orders by at the most: a value is bound for each of them, some have two, and two columns
    /// are sorted for each key (https://sqlite.org/limits.html §2 and §9).
    private static let maximumConditions = 5_000
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

    /// All conditions as one expression; no deeper than SQLite reads, however many there are.
    private static func conjunction(_ conditions: [String]) -> String {
        guard conditions.count > conditionsOfGroup else { return conditions.joined(separator: "\n    AND ") }
        let groups = stride(from: 0, to: conditions.count, by: conditionsOfGroup).map { start in
            "(" + conditions[start...].prefix(conditionsOfGroup).joined(separator: "\n    AND ") + ")"
        }
        return groups.joined(separator: "\n    AND ")
    }

    /// SQLite reads expressions that are 1,000 deep, and each AND is one deeper than the one before.
    private static let conditionsOfGroup = 100

    /// Runs the search from one place on.
    ///
    /// - Parameters:
    ///   - count: rows at the most.
    ///   - last: the sort values of the row before the first; nil for the beginning.
    ///   - offset: rows to pass over.
    ///   - kept: the position of the row whose sort values are wanted.
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

    /// Keeps to the rows of some experiments.
    ///
    /// - Parameter isNamed: whether the rows are named by their ids. The unary plus then keeps SQLite from using the index of
    ///   experiments instead.
    mutating func restrict(_ table: String, to experimentIDs: [Int64], isNamed: Bool = false) {
        let column = (isNamed ? "+" : "") + table + ".experiment_id"
        if experimentIDs.count == 1, let id = experimentIDs.first {
            conditions.append("\(column) = \(bind(id))")
        } else {
            conditions.append("\(column) IN (SELECT value FROM json_each(\(bind(jsonArray(experimentIDs)))))")
        }
    }

    /// Leaves out the rows whose first sort value is this one or beyond it.
    mutating func end(before value: SortValue) {
        guard let first = terms.first else { return }
        conditions.append("\(first.expression) \(first.isAscending ? "<" : ">") \(bind(value))")
    }

    /// The first sort value of the row that is so many rows beyond a value, or beyond the beginning; nil when there are
    /// fewer.
    mutating func value(_ count: Int, after last: SortValue?, in session: ReadSession) throws -> SortValue? {
        guard let first = terms.first else { return nil }
        if let last { conditions.append("\(first.expression) \(first.isAscending ? ">=" : "<=") \(bind(last))") }
        let sql = """
            SELECT \(first.expression) \(text)
            ORDER BY \(first.expression)\(first.isAscending ? "" : " DESC")
            LIMIT 1 OFFSET \(bind(count))
            """
        return try session.connection.query(sql, values: values).firstRow { first.value(in: $0, column: 0) }
    }

    /// Everything behind the columns of an unordered statement.
    var text: String { "FROM \(source) WHERE \(Self.conjunction(conditions))" }

    /// The rows that come after the one with these values: the first term beyond, or equal and the second beyond, and so on.
    ///
    /// A null compares with nothing, which is right: the term before it has told nulls apart, and the terms behind it
    /// decide among them. The first term is never null.
    private mutating func keysetCondition(after last: [SortValue]) -> String {
        var equal: [String] = []
        var alternatives: [String] = []
        var range: [String] = []
        for (term, value) in zip(terms, last) {
            let placeholder = bind(value)
            let direction = term.isAscending ? ">" : "<"
            // This range lets SQLite seek to the end of the last page; the unary plus keeps it from using one index for each
            // alternative, which would lose the order.
            if range.isEmpty { range = ["\(term.expression) \(direction)= \(placeholder)"] }
            let beyond = "+\(term.expression) \(direction) \(placeholder)"
            alternatives.append("(" + (equal + [beyond]).joined(separator: " AND ") + ")")
            equal.append("+\(term.expression) IS \(placeholder)")
        }
        return (range + ["(" + alternatives.joined(separator: " OR ") + ")"]).joined(separator: " AND ")
    }
}

/// What a search found.
struct SearchRows {
    /// The numbers of the rows in order.
    var rows: [Int64] = []
    /// The sort values of the row that was asked for; nil when there are fewer rows.
    var keptValues: [SortValue]?
}

extension ReadSession {
    /// How many rows an unordered statement has, counted up to a limit.
    func count(_ statement: SearchStatement, upTo limit: Int64? = nil) throws -> Int64 {
        var statement = statement
        var sql = "SELECT count(*) \(statement.text)"
        if let limit { sql = "SELECT count(*) FROM (SELECT 1 \(statement.text) LIMIT \(statement.bind(limit)))" }
        return try connection.query(sql, values: statement.values).firstRow { $0.int64(0) } ?? 0
    }
}
