internal import PostgreSQL
internal import Synchronization
internal import Tracking

/// Reports to the operator the failures that recur until the database is changed, each kind at most once a minute.
final class FaultLog: Sendable {
    private let displayURI: String
    private let report: @Sendable (String) -> Void
    private let lastReportTimes = Mutex<[String: ContinuousClock.Instant]>([:])

    private static let minimumInterval = Duration.seconds(60)
    /// The maximum number of kinds that are remembered.
    private static let maximumKinds = 100

    init(displayURI: String, report: @escaping @Sendable (String) -> Void) {
        self.displayURI = displayURI
        self.report = report
    }

    /// Reports the failure if the operator must change something.
    func note(_ error: any Error) {
        switch error {
        case let error as PostgresError where error.needsOperator: note("\(error)", kind: error.state.rawValue)
        case let error as StoreCorruption: note("\(error)", kind: "\(error)")
        default: break
        }
    }

    private func note(_ message: String, kind: String) {
        let isDue = lastReportTimes.withLock { times in
            if let last = times[kind], last + Self.minimumInterval > .now { return false }
            if times.count >= Self.maximumKinds { times = [:] }
            times[kind] = .now
            return true
        }
        if isDue { report("the database \(displayURI) cannot be used as it is: \(message)") }
    }
}

extension PostgresError {
    /// Whether the operator must change something in the database, because the same request would fail again.
    var needsOperator: Bool {
        guard !mayPassWithNewConnection else { return false }
        return isFromTriggerOrConstraint || isFaultOfTables || [.diskFull, .outOfMemory].contains(state)
            || ["58", "XX"].contains(state.errorClass)
    }

    /// Whether a trigger or a constraint that somebody has added to the tables refuses the request's changes.
    var isFromTriggerOrConstraint: Bool {
        let causedByRequests: Set<State> = [.uniqueViolation, .foreignKeyViolation, .notNullViolation]
        return ["09", "23", "27", "44", "P0"].contains(state.errorClass) && !causedByRequests.contains(state)
    }

    /// Whether the tables, or the privileges of the server's user, have changed since this server started.
    var isFaultOfTables: Bool {
        // A connection pooler, and not the tables, is the cause if a prepared statement exists already (42P05).
        guard state.isSQLState, state.rawValue != "42P05" else { return false }
        return [.notNullViolation, .sequenceExhausted].contains(state)
            || ["0A", "2B", "3F", "42"].contains(state.errorClass)
    }

    /// Whether the values of the request do not fit the tables.
    var isUnstorableValue: Bool { state.isSQLState && ["22", "54"].contains(state.errorClass) }

    /// The server's message, followed by the table, the constraint and the SQLSTATE, as far as they are known.
    var messageWithTable: String {
        let table = sql.flatMap { TooLongText.changedTable($0) }.map { "table \($0)" }
        let parts = [table, constraint.map { "constraint \($0)" }, "SQLSTATE \(state.rawValue)"]
        return "\(message) (\(parts.compactMap { $0 }.joined(separator: ", ")))"
    }
}

extension PostgresError.State {
    static let notNullViolation = Self(rawValue: "23502")
    static let sequenceExhausted = Self(rawValue: "2200H")
    static let noMatchingConstraint = Self(rawValue: "42P10")
}
