internal import SQLite

/// Inserts rows into a table.
struct TableWriter {
    /// What becomes of a row whose key is there already.
    enum Conflict: String {
        case fail = "ABORT"
        /// The row that is there stays.
        case ignore = "IGNORE"
        /// The new row takes the place of the other.
        case replace = "REPLACE"
    }

    private let insert: Statement

    /// - Parameters:
    ///   - columns: in the order of the values of a row.
    ///   - suffix: the end of the statement, such as an upsert.
    init(
        _ connection: Connection,
        _ table: String,
        _ columns: [String],
        on conflict: Conflict = .fail,
        suffix: String = ""
    ) throws {
        let places = columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        insert = try connection.prepare(
            """
            INSERT OR \(conflict.rawValue) INTO \(table) (\(columns.joined(separator: ", ")))
            VALUES (\(places))
            \(suffix)
            """
        )
    }

    func add(_ values: ColumnValue...) throws {
        for (index, value) in values.enumerated() {
            switch value {
            case .text(let text): try insert.bind(text, at: index + 1)
            case .integer(let number): try insert.bind(number, at: index + 1)
            case .real(let number): try insert.bind(number, at: index + 1)
            case .null: break
            }
        }
        // A failed statement is reset too, so that it can be bound again.
        defer { insert.reset() }
        try insert.run()
    }
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
