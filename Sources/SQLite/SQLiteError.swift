internal import CSQLite

/// A failure reported by SQLite, or by this module, such as the use of a closed connection.
package struct SQLiteError: Error, Sendable {
    /// The extended result code.
    package var code: Code
    /// SQLite's message for the failure; it never contains a bound value.
    package var message: String
    /// The SQL text without bound values, truncated to 1,000 characters; nil if no statement was involved.
    package var sql: String?

    /// Makes an error; truncates `sql` to 1,000 characters.
    package init(code: Code, message: String, sql: String? = nil) {
        self.code = code
        self.message = message
        self.sql = sql.map { String($0.prefix(1_000)) }
    }
}

extension SQLiteError {
    /// An extended result code of SQLite (https://sqlite.org/rescode.html).
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: Int32

        package init(rawValue: Int32) { self.rawValue = rawValue }

        /// The primary result code: the low byte.
        package var primary: Code { Code(rawValue: rawValue & 0xFF) }

        package static let error = Code(rawValue: SQLITE_ERROR)
        package static let busy = Code(rawValue: SQLITE_BUSY)
        package static let readOnly = Code(rawValue: SQLITE_READONLY)
        package static let interrupted = Code(rawValue: SQLITE_INTERRUPT)
        package static let inputOutput = Code(rawValue: SQLITE_IOERR)
        package static let corrupt = Code(rawValue: SQLITE_CORRUPT)
        package static let full = Code(rawValue: SQLITE_FULL)
        package static let cannotOpen = Code(rawValue: SQLITE_CANTOPEN)
        package static let lockingProtocol = Code(rawValue: SQLITE_PROTOCOL)
        package static let constraint = Code(rawValue: SQLITE_CONSTRAINT)
        package static let misuse = Code(rawValue: SQLITE_MISUSE)
        package static let notADatabase = Code(rawValue: SQLITE_NOTADB)
        /// Extended codes of SQLITE_CONSTRAINT; the C macros are expressions that Swift does not import.
        package static let constraintForeignKey = Code(rawValue: SQLITE_CONSTRAINT | (3 << 8))
        package static let constraintPrimaryKey = Code(rawValue: SQLITE_CONSTRAINT | (6 << 8))
        package static let constraintUnique = Code(rawValue: SQLITE_CONSTRAINT | (8 << 8))
    }

    /// Whether another connection held a lock for longer than the busy timeout.
    package var isBusy: Bool { code.primary == .busy }
    /// Whether the disk, a quota or `max_page_count` is exhausted.
    package var isFull: Bool { code.primary == .full }
    /// Whether a unique index or primary key was violated.
    package var isConstraintUnique: Bool { code == .constraintUnique || code == .constraintPrimaryKey }
    /// Whether any constraint was violated.
    package var isConstraint: Bool { code.primary == .constraint }
    /// Whether the file, its folder or the connection does not allow writing.
    package var isReadOnly: Bool { code.primary == .readOnly }
    /// Whether the operating system reported an error for a read, a write or a sync.
    package var isIOError: Bool { code.primary == .inputOutput }
    /// Whether the statement was interrupted, by `Connection.interrupter` or by `ReadWatch`.
    package var isInterrupt: Bool { code.primary == .interrupted }
    /// Whether the file is damaged: its content is not what SQLite writes.
    package var isCorrupt: Bool { code.primary == .corrupt }
    /// Whether the file is not an SQLite database.
    package var isNotADatabase: Bool { code.primary == .notADatabase }
}

extension SQLiteError: CustomStringConvertible {
    /// The code, the message and the statement, for logs.
    package var description: String {
        let statement = sql.map { " in: \($0)" } ?? ""
        return "SQLite error \(code.rawValue): \(message)\(statement)"
    }

    static func closed(sql: String?) -> SQLiteError {
        SQLiteError(code: .misuse, message: "the connection is closed", sql: sql)
    }

    /// The error of the newest call on `database`, which failed with `result`.
    ///
    /// Must be read before any other call on the connection. For nil, the message is SQLite's text for the code.
    static func latest(on database: OpaquePointer?, result: Int32, sql: String?) -> SQLiteError {
        // When SQLite returns MISUSE without recording it, the connection still has the code of an older call.
        guard let database, sqlite3_extended_errcode(database) & 0xFF == result & 0xFF else {
            return SQLiteError(code: Code(rawValue: result), message: String(cString: sqlite3_errstr(result)), sql: sql)
        }
        let code = Code(rawValue: sqlite3_extended_errcode(database))
        return SQLiteError(code: code, message: String(cString: sqlite3_errmsg(database)), sql: sql)
    }
}
