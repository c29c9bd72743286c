internal import SQLite

/// A value that a statement binds; every value reaches SQL this way and none as text of the statement.
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

/// UTF-8 that need not be well-formed, as text.
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
    /// A cached statement with its values bound, ready to step.
    func query(_ sql: String, _ values: any Bindable...) throws -> Statement {
        try query(sql, values: values)
    }

    func query(_ sql: String, values: [any Bindable]) throws -> Statement {
        let statement = try cached(sql)
        for (index, value) in values.enumerated() {
            try value.bind(to: statement, at: index + 1)
        }
        return statement
    }

    /// Runs a cached statement that yields no rows.
    func run(_ sql: String, _ values: any Bindable...) throws {
        try query(sql, values: values).run()
    }
}
