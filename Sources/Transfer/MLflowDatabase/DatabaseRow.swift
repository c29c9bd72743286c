internal import PostgreSQL
internal import SQLite

/// A row of MLflow's database; each value is read with the type that its column should have.
///
/// In SQLite, a column can have values of any type, and a text can have bytes that are not UTF-8. SQLite would convert such
/// values silently; these methods throw a `RowFault` instead.
struct DatabaseRow {
    private enum Source {
        case sqlite(Statement)
        case postgres(PostgresRow)
    }

    private enum Kind {
        case null, integer, real, text, other
    }

    private let source: Source

    init(_ statement: Statement) { source = .sqlite(statement) }

    init(_ row: PostgresRow) { source = .postgres(row) }

    var columnCount: Int {
        switch source {
        case .sqlite(let statement): statement.columnCount
        case .postgres(let row): row.columnCount
        }
    }

    func isNull(_ column: Int) -> Bool {
        switch source {
        case .sqlite(let statement): statement.isNull(column)
        case .postgres(let row): row.isNull(column)
        }
    }

    /// The whole number; 0 for NULL.
    func integer(_ column: Int) throws(RowFault) -> Int64 { try optionalInteger(column) ?? 0 }

    func optionalInteger(_ column: Int) throws(RowFault) -> Int64? {
        switch kind(column) {
        case .integer: return int64(column)
        case .null: return nil
        case .real, .text, .other: throw fault(column, "not a whole number")
        }
    }

    /// The number; NaN for NULL.
    func number(_ column: Int) throws(RowFault) -> Double {
        switch kind(column) {
        case .integer, .real: return double(column)
        case .null: return .nan
        case .text, .other: throw fault(column, "not a number")
        }
    }

    /// The text; empty for NULL.
    func text(_ column: Int) throws(RowFault) -> String { try optionalText(column) ?? "" }

    func optionalText(_ column: Int) throws(RowFault) -> String? {
        switch kind(column) {
        case .null: return nil
        case .other: throw fault(column, "not a text")
        case .integer, .real, .text: break
        }
        let text = withText(column) { String(validating: $0, as: UTF8.self) }
        guard let text else { throw fault(column, "not UTF-8") }
        return text
    }

    /// Whether the value is a text with exactly these bytes.
    func hasText(_ column: Int, _ text: String) -> Bool {
        kind(column) == .text && withText(column) { text.utf8.elementsEqual($0) }
    }

    private func kind(_ column: Int) -> Kind {
        switch source {
        case .sqlite(let statement):
            switch statement.kind(column) {
            case .null: .null
            case .integer: .integer
            case .real: .real
            case .text: .text
            case .blob: .other
            }
        case .postgres(let row):
            switch row.kind(column) {
            case .null: .null
            case .integer, .boolean: .integer
            case .real: .real
            case .text: .text
            case .other: .other
            }
        }
    }

    private func int64(_ column: Int) -> Int64 {
        switch source {
        case .sqlite(let statement): statement.int64(column)
        case .postgres(let row): row.int64(column)
        }
    }

    private func double(_ column: Int) -> Double {
        switch source {
        case .sqlite(let statement): statement.double(column)
        case .postgres(let row): row.double(column)
        }
    }

    /// Calls `body` with the bytes of a text, or with the digits of a number.
    private func withText<Value>(_ column: Int, _ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        switch source {
        case .sqlite(let statement): return statement.withText(column, body)
        case .postgres(let row):
            switch row.kind(column) {
            case .integer, .boolean: return Array("\(row.int64(column))".utf8).withUnsafeBytes(body)
            case .real: return Array("\(row.double(column))".utf8).withUnsafeBytes(body)
            case .null, .text, .other: return row.withBytes(column, body)
            }
        }
    }

    private func fault(_ column: Int, _ what: String) -> RowFault {
        let name =
            switch source {
            case .sqlite(let statement): statement.columnName(column)
            case .postgres(let row): row.columnName(column)
            }
        return RowFault(description: "its \(name) is \(what)")
    }
}

/// The reason why a row cannot be read, for messages.
struct RowFault: Error, CustomStringConvertible {
    let description: String
}
