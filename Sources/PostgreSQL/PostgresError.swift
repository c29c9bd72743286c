/// A failure that PostgreSQL, libpq or this module reports.
///
/// Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
package struct PostgresError: Error, Sendable {
    package var state: State
    /// The primary message, in the language of the server; contains no password.
    package var message: String
    /// The SQL text without values, cut to 1,000 characters; nil if no statement was involved.
    package var sql: String?
    /// The name of the constraint that the statement would have violated; nil for other failures.
    package var constraint: String?
    /// The `position` of the pipeline at which the failed statement was added; nil if the server did not report the failure.
    package var position: Int?

    package init(_ state: State, _ message: String, sql: String? = nil) {
        self.state = state
        self.message = message
        self.sql = sql.map { String($0.prefix(1_000)) }
    }
}

extension PostgresError {
    /// The SQLSTATE of a failure that the server reports, or the kind of a failure on the client's side.
    package struct State: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        /// Whether this is an SQLSTATE.
        package var isSQLState: Bool { rawValue.utf8.count == 5 }

        /// The class of an SQLSTATE: its first two characters.
        package var errorClass: String { String(rawValue.prefix(2)) }

        /// libpq is not installed on this machine, or cannot be loaded.
        package static let noLibrary = State(rawValue: "no library")
        /// The text is not the URI of a PostgreSQL database.
        package static let badAddress = State(rawValue: "bad address")
        /// The connection could not be made, or was lost.
        package static let disconnected = State(rawValue: "disconnected")
        /// The server did not answer in time, so the connection was closed.
        package static let noAnswer = State(rawValue: "no answer")
        /// The connection was used in a way that its state does not allow.
        package static let misuse = State(rawValue: "misuse")
        /// The statement was cancelled because its deadline passed.
        package static let overdue = State(rawValue: "overdue")
        /// The statement was cancelled because no client waits for its result any more.
        package static let abandoned = State(rawValue: "abandoned")

        package static let invalidText = State(rawValue: "22021")
        package static let invalidPassword = State(rawValue: "28P01")
        package static let uniqueViolation = State(rawValue: "23505")
        package static let foreignKeyViolation = State(rawValue: "23503")
        package static let noSuchDatabase = State(rawValue: "3D000")
        package static let noPrivilege = State(rawValue: "42501")
        package static let cancelled = State(rawValue: "57014")
        package static let tooManyConnections = State(rawValue: "53300")
        package static let lockNotAvailable = State(rawValue: "55P03")
    }

    /// Whether the connection is lost; a new connection may succeed later.
    package var isDisconnection: Bool {
        state == .disconnected || state == .noAnswer || state.errorClass == "08"
            || ["57P01", "57P02", "57P03", "57P05"].contains(state.rawValue)
    }

    /// Whether the server refuses the user, the password, or the client's host.
    package var isRefusedLogIn: Bool { state.errorClass == "28" }

    /// Whether a unique index or another constraint was violated.
    package var isConstraintViolation: Bool { state.errorClass == "23" }

    /// Whether the transaction may succeed if it is repeated: a serialization failure or a deadlock.
    package var isTransient: Bool { state.rawValue == "40001" || state.rawValue == "40P01" }

    /// Whether prepared statements of the connection are missing or outdated, so that a new connection must prepare them again.
    ///
    /// This happens if the columns of a table have changed, or if a connection pooler between this program and the server has
    /// mixed up connections. No SQLSTATE exists for changed columns; the server then reports an unsupported feature (0A000).
    package var hasOutdatedStatements: Bool { ["26000", "42P05", "0A000"].contains(state.rawValue) }

    static var badAddress: PostgresError {
        PostgresError(
            .badAddress,
            "this is not the address of a PostgreSQL database: write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
                + "?OPTION=VALUE with the options of libpq, and write a special character in the user or the password as % with "
                + "two hexadecimal digits, such as %40 for @"
        )
    }

    static var closed: PostgresError { PostgresError(.misuse, "the connection is closed") }
}

extension PostgresError: CustomStringConvertible {
    /// The message in one line, with the SQLSTATE and, for some states, with what to do.
    package var description: String {
        let code = state.isSQLState ? " (SQLSTATE \(state.rawValue))" : ""
        return message + code + (advice.map { ". \($0)" } ?? "")
    }

    private var advice: String? {
        switch state {
        case .noLibrary: "Install libpq (on Debian: the package libpq5)."
        case .noSuchDatabase: "Create the database with createdb, or name another one."
        case .tooManyConnections: "Try again when fewer programs are connected."
        case .lockNotAvailable: "Another program is changing the tables; try again."
        case _ where isRefusedLogIn:
            "Give the right user and password: in the address, in PGPASSWORD, or in the file ~/.pgpass."
        default: nil
        }
    }
}

extension PostgresError {
    /// Creates the error for a verbose message of libpq about a connection, such as `FATAL:  28P01: password …`.
    package init(connecting text: String) {
        // The lines after the first one name a position in the source code of PostgreSQL.
        let line = text.split(whereSeparator: \.isNewline).first.map { String($0) } ?? "the reason is unknown"
        guard let prefix = line.rangeOfSeverityAndState else {
            self.init(.disconnected, line)
            return
        }
        let message = String(line[..<prefix.start]) + String(line[prefix.end...])
        self.init(State(rawValue: String(line[prefix.state])), message)
    }
}

extension String {
    /// Finds `SEVERITY:  SQLSTATE: ` in a message of libpq; nil if the message does not contain it.
    fileprivate var rangeOfSeverityAndState: (start: Index, state: Range<Index>, end: Index)? {
        var from = startIndex
        while let gap = self[from...].firstRange(of: ":  ") {
            let end = index(gap.upperBound, offsetBy: 5, limitedBy: endIndex) ?? endIndex
            let state = self[gap.upperBound..<end]
            if state.utf8.count == 5, state.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) }),
                self[end...].hasPrefix(": ")
            {
                let severity = self[..<gap.lowerBound].lastIndex(of: " ").map { index(after: $0) } ?? startIndex
                return (severity, gap.upperBound..<end, index(end, offsetBy: 2))
            }
            from = gap.upperBound
        }
        return nil
    }
}
