/// Inserts rows into one table.
protocol TableWriter {
    /// Adds a row, which may be inserted later; `DatabaseTarget.lookup` and `finish` insert all added rows first.
    ///
    /// - Parameter values: the values in the order of the columns.
    /// - Throws: `UnstorableRow` if the table cannot store the row, which is not added then.
    func add(_ values: [ColumnValue]) throws

    /// Inserts a row at once, unless a row with the same key exists.
    ///
    /// - Returns: whether the row was inserted.
    func addIfAbsent(_ values: [ColumnValue]) throws -> Bool
}

/// The handling of a row whose key exists already.
enum RowConflict {
    case fail
    /// The existing row stays.
    case keepExisting(key: [String])
    /// The new row replaces the existing one.
    case replace(key: [String])
    /// The greater of the two rows stays; the columns of `by` are compared, the first one first.
    case keepGreatest(key: [String], by: [String])
}

/// The reason why a table cannot store a row, for messages.
struct UnstorableRow: Error, CustomStringConvertible {
    let description: String
}

enum ColumnValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByNilLiteral {
    case text(String)
    case integer(Int64)
    case real(Double)
    case null

    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int64) { self = .integer(value) }
    init(nilLiteral: ()) { self = .null }

    init(_ number: Int64?) { self = number.map { .integer($0) } ?? .null }

    init(_ text: String?) { self = text.map { .text($0) } ?? .null }
}
