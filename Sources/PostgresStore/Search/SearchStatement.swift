internal import PostgreSQL
internal import Tracking

/// One SQL expression of an ORDER BY clause.
struct SortTerm {
    enum Kind {
        case integer, real, text
    }

    var expression: String
    var isAscending: Bool
    var kind: Kind

    /// - Parameter expression: not NULL, unless an earlier term separates the rows in which it is NULL from the others.
    init(_ expression: String, ascending: Bool = true, _ kind: Kind) {
        self.expression = expression
        isAscending = ascending
        self.kind = kind
    }

    /// Returns a term that is 1 where the expression is NULL, and 0 elsewhere.
    static func isMissing(_ expression: String) -> SortTerm { SortTerm("(\(expression) IS NULL)::integer", .integer) }

    /// The expression by which rows are sorted: texts are sorted by their bytes, whatever the collation of the database is.
    var sortExpression: String { kind == .text ? "(\(expression)) COLLATE \"C\"" : expression }

    /// Reads the value of the term from a row, exactly as the database stores it.
    func value(in row: PostgresRow, column: Int) -> SortValue {
        if row.isNull(column) { return .null }
        return switch kind {
        case .integer: .integer(row.int64(column))
        case .real: .real(row.double(column))
        case .text: .text(row.string(column))
        }
    }
}

/// An SQL SELECT that is built step by step.
///
/// The SQL text never contains a value from a client; all values are bound.
struct SearchStatement {
    /// The columns that identify a row.
    let keyColumns: [String]
    /// The FROM clause: the table and its joins.
    var source: String
    var conditions: [String] = []
    /// The ORDER BY terms; together they are unique, so that the order is total.
    var terms: [SortTerm] = []
    private(set) var values: [PostgresValue] = []
    /// Conditions that begin with EXISTS or NOT EXISTS.
    private var subqueries: [String] = []
    private var aliasCount = 0

    init(keyColumns: [String], source: String) {
        self.keyColumns = keyColumns
        self.source = source
    }

    /// Binds a text, and returns its placeholder.
    ///
    /// A text with NUL, which PostgreSQL cannot store, is bound as NULL, to which no text is equal.
    mutating func bind(_ text: String) -> String { bind(text.utf8.contains(0) ? .null : .text(text), "text") }

    mutating func bind(_ number: Int64) -> String { bind(.integer(number), "bigint") }

    mutating func bind(_ number: Double) -> String { bind(.real(number), "double precision") }

    /// Binds a list of texts, without those that PostgreSQL cannot store.
    mutating func bind(_ texts: [String]) -> String {
        bind(.array(texts.filter { !$0.utf8.contains(0) }.map { .text($0) }), "text[]")
    }

    mutating func bind(_ numbers: [Int64]) -> String { bind(.array(numbers.map { .integer($0) }), "bigint[]") }

    /// Returns the condition that a column has one of the ids.
    ///
    /// For a single id, the condition is an equality, so that PostgreSQL can use an index that begins with the column and goes
    /// on in the order of the search.
    mutating func condition(_ column: String, isIn ids: [Int64]) -> String {
        if let id = ids.first, ids.count == 1 { return "\(column) = \(bind(id))" }
        return "\(column) = ANY(\(bind(ids)))"
    }

    private mutating func bind(_ value: PostgresValue, _ type: String) -> String {
        values.append(value)
        return "$\(values.count)::\(type)"
    }

    private mutating func bind(_ value: SortValue, of term: SortTerm) -> String {
        let bound: PostgresValue =
            switch value {
            case .null: .null
            case .integer(let number): .integer(number)
            case .real(let number): .real(number)
            case .text(let text): text.utf8.contains(0) ? .null : .text(text)
            }
        return switch term.kind {
        case .integer: bind(bound, "bigint")
        case .real: bind(bound, "double precision")
        case .text: bind(bound, "text")
        }
    }

    /// Returns a table alias that the statement does not use yet.
    mutating func alias(_ stem: String) -> String {
        aliasCount += 1
        return "\(stem)_\(aliasCount)"
    }

    mutating func addSubquery(_ condition: String) { subqueries.append(condition) }

    private static let maximumJoinedSubqueries = 3

    /// All conditions, as the text of a WHERE clause.
    ///
    /// PostgreSQL turns each sub-query into a join. For a few sub-queries this is fastest, but the time for planning many joins
    /// has no bound: 13 s for twenty. Sub-queries in a CASE are not turned into joins. One CASE contains all of them, because
    /// PostgreSQL assumes that each condition excludes half of the rows, and would choose a plan for very few rows if there were
    /// many conditions.
    private var filter: String {
        var all = conditions
        if subqueries.count > Self.maximumJoinedSubqueries {
            all.append("CASE WHEN \(subqueries.joined(separator: "\n    AND ")) THEN TRUE ELSE FALSE END")
        } else {
            all += subqueries
        }
        return all.isEmpty ? "TRUE" : all.joined(separator: "\n    AND ")
    }

    mutating func join(_ join: String) { source += "\n    " + join }

    /// Runs the search and returns its rows from a position on.
    ///
    /// The database sends the sort values of only one row, because those of a whole page may be larger than the memory.
    ///
    /// - Parameters:
    ///   - count: the maximum number of rows.
    ///   - kept: the index of the row whose sort values are returned.
    ///   - key: reads the key of a row, which is in the first columns.
    func rows<Key>(
        _ count: Int,
        from start: PageStart,
        keepingValuesOf kept: Int,
        in session: some PostgresSession,
        key: (PostgresRow) -> Key
    ) throws -> (keys: [Key], keptValues: [SortValue]?) {
        var statement = self
        var offset: Int64 = 0
        switch start {
        case .beginning: break
        case .offset(let rows): offset = rows
        case .after(let last): statement.conditions.append(try statement.keysetCondition(after: last))
        }
        let columns =
            keyColumns.enumerated().map { "\($1) AS key_\($0)" }
            + terms.enumerated().map { "\($1.sortExpression) AS term_\($0)" }
        let order = terms.enumerated().map { "term_\($0)\($1.isAscending ? "" : " DESC")" }
        let keptNumber = statement.bind(Int64(kept) + 1)
        let selected =
            keyColumns.indices.map { "key_\($0)" }
            + terms.indices.map { "CASE number WHEN \(keptNumber) THEN term_\($0) END" }
        let sql = """
            SELECT \(selected.joined(separator: ", "))
            FROM (SELECT page.*, row_number() OVER () AS number FROM (
                SELECT \(columns.joined(separator: ", "))
                FROM \(statement.source)
                WHERE \(statement.filter)
                ORDER BY \(order.joined(separator: ", "))
                LIMIT \(statement.bind(Int64(count))) OFFSET \(statement.bind(offset))
            ) AS page) AS numbered
            ORDER BY number
            """
        let found = try session.rows(sql, values: statement.values, isPrepared: false)
        var keptValues: [SortValue]?
        if kept >= 0, kept < found.count {
            keptValues = terms.indices.map { terms[$0].value(in: found[kept], column: keyColumns.count + $0) }
        }
        return (found.map(key), keptValues)
    }

    /// Returns the condition for the rows that come after the row with these sort values.
    ///
    /// A row comes after that row if its own first term is beyond the first value, or if the two are equal and its second term
    /// is beyond the second value, and so on. A comparison with NULL is never true. This is right, because among rows with equal
    /// earlier terms, a term is NULL either in all of them or in none.
    private mutating func keysetCondition(after last: [SortValue]) throws(TrackingError) -> String {
        guard last.count == terms.count else { throw PageToken.malformed }
        var condition = "FALSE"
        // Each condition contains that of the later terms once, so the text grows only in proportion to the number of terms.
        for (term, value) in zip(terms, last).reversed() {
            guard value.fits(term.kind) else { throw PageToken.malformed }
            let placeholder = bind(value, of: term)
            let beyond = "\(term.sortExpression) \(term.isAscending ? ">" : "<") \(placeholder)"
            let isEqual = "\(term.expression) IS NOT DISTINCT FROM \(placeholder)"
            condition = "(\(beyond) OR (\(isEqual) AND \(condition)))"
        }
        return condition
    }
}

extension SortValue {
    /// Whether a term of this kind can have the value; in a page token that a client has changed, the value may have another
    /// kind.
    fileprivate func fits(_ kind: SortTerm.Kind) -> Bool {
        switch (self, kind) {
        case (.null, _), (.integer, .integer), (.real, .real), (.text, .text): true
        default: false
        }
    }
}
