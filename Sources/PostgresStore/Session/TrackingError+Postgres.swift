internal import PostgreSQL
internal import Tracking

extension TrackingError {
    static let busy = TrackingError(.temporarilyUnavailable, "The server is busy or stopping; try again in a moment.")

    static let noTurn = TrackingError(
        .temporarilyUnavailable,
        "The changes before this one take too long, or the database does not answer. Nothing of this request was stored; try again in "
            + "a moment."
    )

    static let noReadTurn = TrackingError(
        .temporarilyUnavailable,
        "The reads before this one take too long, or the database does not answer them; try again in a moment."
    )

    static let lockedRead = TrackingError(
        .databaseLocked,
        "Another program has locked a table that this request reads; try again in a moment."
    )

    static let cancelledRead = TrackingError(
        .temporarilyUnavailable,
        "Somebody has cancelled this request in the database; try again in a moment."
    )

    static let clientLeft = TrackingError(
        .temporarilyUnavailable,
        "The client disconnected before the answer was ready."
    )

    static let databaseAway = TrackingError(
        .temporarilyUnavailable,
        "The database cannot be reached. Nothing of this request was stored; try again in a moment."
    )

    /// The error for a change that may have been stored or not; the client must check that before it repeats the request.
    static let outcomeUnknown = TrackingError(
        .outcomeUnknown,
        "The connection to the database was lost while the change was committed, and it is not known whether the change was "
            + "stored. Check that before you repeat it."
    )

    /// Returns the error that a client gets for a failure of PostgreSQL; any other error is returned unchanged.
    static func translated(_ error: any Error) -> any Error {
        guard let error = error as? PostgresError else { return error }
        if error.mayEndByReconnecting {
            if error.state == .readOnlyTransaction {
                return TrackingError(
                    .permissionDenied,
                    "The database is a standby or is set to read-only. Nothing of this request was stored; use the primary."
                )
            }
            return databaseAway
        }
        switch error.state {
        case .invalidText, .untranslatableCharacter:
            return invalidParameter("PostgreSQL cannot store a text with the character NUL; leave it out.")
        case .valueTooLong:
            return invalidParameter(
                "A text is too long for MLflow's tables in PostgreSQL: \(error.message). Make it shorter."
            )
        case .numberOutOfRange:
            return invalidParameter(
                "A number is greater than the column of MLflow's table in PostgreSQL holds: \(error.message). Nothing of this request was "
                    + "stored. Send a smaller one."
            )
        case .overdue:
            return invalidParameter(
                "The change was stopped because the database worked too long on it. Nothing of this request was stored. Change less "
                    + "at once: log fewer values, or delete the runs of an experiment before the experiment."
            )
        case .cancelled, .abandoned, .outOfMemory: return busy
        case .lockNotAvailable:
            return TrackingError(
                .databaseLocked,
                "Another program has locked what this request changes; try again in a moment."
            )
        case .diskFull:
            return TrackingError(
                .insufficientStorage,
                "The disk of the database is full. Nothing of this request was stored; free some space."
            )
        case .noPrivilege:
            return TrackingError(
                .permissionDenied,
                "The server's user of the database may not do this: \(error.message). Nothing of this request was stored; "
                    + "grant it the privilege."
            )
        case .undefinedTable, .undefinedColumn, .undefinedSchema:
            return TrackingError(
                .insufficientStorage,
                "The database is not as it was when the server started: \(error.message). Nothing of this request was stored. A table "
                    + "was removed, or the server's user has lost the privilege USAGE for its schema."
            )
        case .foreignKeyViolation, .uniqueViolation:
            return TrackingError(
                .temporarilyUnavailable,
                "Another program changed at the same time what this request changes; try again."
            )
        case _ where error.isTransient: return busy
        case _ where error.isRuleOfDatabase:
            return invalidParameter(
                "A rule of the database refuses this: \(error.messageWithPlace). Nothing of this request was stored. Send what the rule "
                    + "allows, or let an admin of the database remove it."
            )
        case _ where error.isOtherTable:
            return TrackingError(
                .insufficientStorage,
                "The tables of the database are not MLflow's as they should be: \(error.messageWithPlace). Nothing of this request was "
                    + "stored. Let an admin of the database \(remedy(for: error.state))."
            )
        case _ where error.isUnfitValue:
            return invalidParameter(
                "PostgreSQL cannot take a value of this request: \(error.messageWithPlace). Nothing of this request was stored. Change "
                    + "the value, or make it shorter."
            )
        default: return error
        }
    }

    private static func remedy(for state: PostgresError.State) -> String {
        switch state {
        case .notNullViolation: "give the column a default, or let it be NULL"
        case .sequenceUsedUp: "let the sequence count on, with ALTER SEQUENCE"
        case .noMatchingConstraint: "restore the primary key of the table"
        default: "restore the table as MLflow makes it"
        }
    }
}
