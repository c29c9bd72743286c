/// A failure that PostgreSQL or libpq reports, or this module.
///
/// Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
package struct PostgresError: Error, Sendable {
    package var state: State
    /// The main line of the message, in the server's language; no bound values, no password.
    package var message: String
    /// The SQL text without values, cut to 1,000 characters; nil if no statement was involved.
    package var sql: String?

    package init(_ state: State, _ message: String, sql: String? = nil) {
        self.state = state
        self.message = message
        self.sql = sql.map { String($0.prefix(1_000)) }
    }
}

extension PostgresError {
    /// An SQLSTATE, or what happened on this side of the connection.
    package struct State: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Whether the server has sent it.
        package var isOfServer: Bool { rawValue.utf8.count == 5 }

        /// The first two characters, which name the kind of failure.
        var kind: String { String(rawValue.prefix(2)) }

        /// There is no libpq on this machine.
        package static let noLibrary = State(rawValue: "no library")
        /// A text is no address of a database.
        package static let badAddress = State(rawValue: "bad address")
        /// There is no connection, or none any more.
        package static let disconnected = State(rawValue: "disconnected")
        /// A call that this connection cannot carry out now, or ever.
        package static let misuse = State(rawValue: "misuse")

        package static let invalidText = State(rawValue: "22021")
        package static let invalidPassword = State(rawValue: "28P01")
        package static let noSuchDatabase = State(rawValue: "3D000")
        package static let noPrivilege = State(rawValue: "42501")
        package static let cancelled = State(rawValue: "57014")
        package static let tooManyConnections = State(rawValue: "53300")
        package static let lockNotAvailable = State(rawValue: "55P03")
    }

    /// Whether the connection is of no more use; the server may be back for a new one.
    package var isDisconnection: Bool {
        state == .disconnected || state.kind == "08" || ["57P01", "57P02", "57P03", "57P05"].contains(state.rawValue)
    }

    /// The server knows neither the user nor the password, or lets them not in from here.
    package var isRefusedLogIn: Bool { state.kind == "28" }

    /// A unique index or another constraint was violated.
    package var isConstraint: Bool { state.kind == "23" }

    /// Whether the same transaction, made again, may succeed.
    package var isPassing: Bool { state.rawValue == "40001" || state.rawValue == "40P01" }

    static var badAddress: PostgresError {
        PostgresError(
            .badAddress,
            "this is no address of a PostgreSQL database: it has the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
                + "?OPTION=VALUE with the options of libpq, and in user and password a special character is written as % with "
                + "two digits, such as %40 for @"
        )
    }

    static var closed: PostgresError { PostgresError(.misuse, "the connection is closed") }
}

extension PostgresError: CustomStringConvertible {
    /// One line for a person, with what to do where that is known.
    package var description: String {
        let code = state.isOfServer ? " (SQLSTATE \(state.rawValue))" : ""
        return message + code + (advice.map { ". \($0)" } ?? "")
    }

    private var advice: String? {
        switch state {
        case .noLibrary: "Install it (on Debian: libpq5)."
        case .noSuchDatabase: "Make it with createdb, or name another one."
        case .tooManyConnections: "Try again when fewer programs are connected."
        case .lockNotAvailable: "Another program changes the tables just now: try again."
        case _ where isRefusedLogIn:
            "Give the right user and password: in the address, in PGPASSWORD, or in the file ~/.pgpass."
        default: nil
        }
    }
}

extension PostgresError {
    /// Makes an error of what libpq says about a connection, in its verbose form: `FATAL:  28P01: password …` and more lines.
    package init(connecting text: String) {
        // The lines after the first are the place in the server's source, and advice for its operator.
        let line = text.split(whereSeparator: \.isNewline).first.map { String($0) } ?? "the reason is unknown"
        guard let mark = line.range(ofSeverityAndState: ":  ") else {
            self.init(.disconnected, line)
            return
        }
        let message = String(line[..<mark.start]) + String(line[mark.end...])
        self.init(State(rawValue: String(line[mark.state])), message)
    }
}

extension String {
    /// Where `SEVERITY:  STATE: ` stands in a message of libpq.
    fileprivate func range(ofSeverityAndState mark: String) -> (start: Index, state: Range<Index>, end: Index)? {
        var from = startIndex
        while let gap = self[from...].firstRange(of: mark) {
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
