internal import SQLite

/// A value for a parameter of a statement.
///
/// No value ever becomes part of the SQL text.
protocol Bindable {
    func bind(to statement: Statement, at position: Int) throws
}

extension Int64: Bindable {
    func bind(to statement: Statement, at position: Int) throws { try statement.bind(self, at: position) }
}

extension Int: Bindable {
    func bind(to statement: Statement, at position: Int) throws { try statement.bind(self, at: position) }
}

extension Double: Bindable {
    func bind(to statement: Statement, at position: Int) throws { try statement.bind(self, at: position) }
}

extension String: Bindable {
    func bind(to statement: Statement, at position: Int) throws { try statement.bind(self, at: position) }
}

/// Bytes that are bound as text, even if they are not well-formed UTF-8.
struct TextBytes: Bindable {
    let bytes: [UInt8]

    func bind(to statement: Statement, at position: Int) throws {
        try bytes.withUnsafeBytes { try statement.bind(utf8: $0, at: position) }
    }
}

extension Optional: Bindable where Wrapped: Bindable {
    func bind(to statement: Statement, at position: Int) throws {
        switch self {
        case .some(let value): try value.bind(to: statement, at: position)
        case .none: try statement.bindNull(at: position)
        }
    }
}

extension Connection {
    /// Returns a cached statement with its values bound, ready to step.
    func query(_ sql: String, _ values: any Bindable...) throws -> Statement { try query(sql, values: values) }

    func query(_ sql: String, values: [any Bindable]) throws -> Statement {
        let statement = try cached(sql)
        for (index, value) in values.enumerated() { try value.bind(to: statement, at: index + 1) }
        return statement
    }

    /// Runs a cached statement that yields no rows.
    func run(_ sql: String, _ values: any Bindable...) throws { try run(sql, values: values) }

    func run(_ sql: String, values: [any Bindable]) throws { try query(sql, values: values).run() }
}
