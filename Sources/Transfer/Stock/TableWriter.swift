/// Inserts rows into one table.
protocol TableWriter {
    /// Adds a row, perhaps not at once: `StockTarget.lookup` and `finish` wait for it.
    ///
    /// - Parameter values: in the order of the columns.
    /// - Throws: `UnfitRow` for a row that the table cannot hold, which is then left out.
    func add(_ values: [ColumnValue]) throws

    /// Adds a row at once; false if one with its key is there, which stays.
    func addNew(_ values: [ColumnValue]) throws -> Bool
}

extension TableWriter {
    func add(_ values: ColumnValue...) throws { try add(values) }

    func addNew(_ values: ColumnValue...) throws -> Bool { try addNew(values) }
}

/// What becomes of a row whose key is there already.
enum RowConflict {
    case fail
    /// The row that is there stays.
    case keep(key: [String])
    /// The new row takes the place of the other.
    case replace(key: [String])
    /// The row with the greater values of some columns stays; the first of them decides.
    case keepGreatest(key: [String], by: [String])
}

/// Why a row does not fit into its table, for a person.
struct UnfitRow: Error, CustomStringConvertible {
    let description: String
}

/// A value of a row.
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
