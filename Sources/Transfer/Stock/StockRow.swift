internal import SQLite

/// A row of MLflow's database, read with the types that its columns should have.
///
/// SQLite stores any type in any column, and bytes that are no text as text; what it would turn into a number or a text
/// without a word is a fault here.
struct StockRow {
    private let statement: Statement

    init(_ statement: Statement) {
        self.statement = statement
    }

    func isNull(_ column: Int) -> Bool { statement.isNull(column) }

    /// The whole number; 0 for NULL.
    func integer(_ column: Int) throws(RowFault) -> Int64 { try optionalInteger(column) ?? 0 }

    func optionalInteger(_ column: Int) throws(RowFault) -> Int64? {
        switch statement.kind(column) {
        case .integer: return statement.int64(column)
        case .null: return nil
        case .real, .text, .blob: throw fault(column, "no whole number")
        }
    }

    /// The number; NaN for NULL.
    func number(_ column: Int) throws(RowFault) -> Double {
        switch statement.kind(column) {
        case .integer, .real: return statement.double(column)
        case .null: return .nan
        case .text, .blob: throw fault(column, "no number")
        }
    }

    /// The text; empty for NULL.
    func text(_ column: Int) throws(RowFault) -> String { try optionalText(column) ?? "" }

    func optionalText(_ column: Int) throws(RowFault) -> String? {
        switch statement.kind(column) {
        case .null: return nil
        case .blob: throw fault(column, "no text")
        case .integer, .real, .text: break
        }
        let text = statement.withText(column) { String(validating: $0, as: UTF8.self) }
        guard let text else { throw fault(column, "not UTF-8") }
        return text
    }

    /// Whether the text is exactly this one.
    func hasText(_ column: Int, _ text: String) -> Bool {
        statement.kind(column) == .text && statement.withText(column) { text.utf8.elementsEqual($0) }
    }

    private func fault(_ column: Int, _ what: String) -> RowFault {
        RowFault(description: "its \(statement.columnName(column)) is \(what)")
    }
}

/// What is wrong with a row, for a person.
struct RowFault: Error, CustomStringConvertible {
    let description: String
}
