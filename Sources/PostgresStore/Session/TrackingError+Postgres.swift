internal import PostgreSQL
internal import Tracking

extension TrackingError {
    static let busy = TrackingError(.temporarilyUnavailable, "The server is busy or stopping; try again in a moment.")

    static let waitedTooLongToWrite = TrackingError(
        .temporarilyUnavailable,
        "The changes before this one take too long, or the database does not answer. Nothing of this request was stored; try "
            + "again in a moment."
    )

    static let waitedTooLongToRead = TrackingError(
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

    static let databaseUnreachable = TrackingError(
        .temporarilyUnavailable,
        "The database cannot be reached. Nothing of this request was stored; try again in a moment."
    )

    /// The error for a change that may have been stored or not; the client must check that before it repeats the request.
    static let outcomeUnknown = TrackingError(
        .outcomeUnknown,
        "The connection to the database was lost while the change was being committed, so it is not known whether the change "
            + "was stored. Check that before you repeat the change."
    )

    /// Returns the error that a client gets for a failure of PostgreSQL; any other error is returned unchanged.
    static func translated(_ error: any Error) -> any Error {
        guard let error = error as? PostgresError else { return error }
        if error.mayPassWithNewConnection {
            if error.state == .readOnlyTransaction {
                return TrackingError(
                    .permissionDenied,
                    "The database is a standby or is set to read-only. Nothing of this request was stored; use the primary."
                )
            }
            return databaseUnreachable
        }
        switch error.state {
        case .invalidText, .untranslatableCharacter:
            return invalidParameter("PostgreSQL cannot store a text with the character NUL; leave it out.")
        case .valueTooLong:
            let message = "A text is too long for MLflow's tables in PostgreSQL: \(error.message). Make it shorter."
            return invalidParameter(message)
        case .numberOutOfRange:
            return invalidParameter(
                "A number is outside of the range of its column in MLflow's tables in PostgreSQL: \(error.message). Nothing of "
                    + "this request was stored. Send a number within the range."
            )
        case .overdue:
            return invalidParameter(
                "The change was stopped because the database worked too long on it. Nothing of this request was stored. Change "
                    + "less at once: log fewer values, or delete the runs of an experiment before the experiment."
            )
        case .cancelled, .abandoned, .outOfMemory: return busy
        case .lockNotAvailable:
            let message = "Another program has locked the data that this request changes; try again in a moment."
            return TrackingError(.databaseLocked, message)
        case .diskFull:
            return TrackingError(
                .insufficientStorage,
                "The disk of the database is full. Nothing of this request was stored; free some space."
            )
        case .noPrivilege:
            return TrackingError(
                .permissionDenied,
                "The database user of this server is not allowed to do this: \(error.message). Nothing of this request was "
                    + "stored; grant that user the privilege."
            )
        case .undefinedTable, .undefinedColumn, .undefinedSchema:
            return TrackingError(
                .insufficientStorage,
                "The database has changed since the server started: \(error.message). Nothing of this request was stored. A table "
                    + "was removed, or the database user of this server has lost the privilege USAGE for its schema."
            )
        case .foreignKeyViolation, .uniqueViolation:
            let message = "Another program changed the data of this request at the same time; try again."
            return TrackingError(.temporarilyUnavailable, message)
        case _ where error.isTransient: return busy
        case _ where error.isFromTriggerOrConstraint:
            return invalidParameter(
                "A trigger or constraint of the database refuses this: \(error.messageWithTable). Nothing of this request was "
                    + "stored. Send values that it allows, or ask an admin of the database to remove it."
            )
        case _ where error.isFaultOfTables:
            return TrackingError(
                .insufficientStorage,
                "A table or a sequence of the database is not as MLflow needs it: \(error.messageWithTable). Nothing of this "
                    + "request was stored. Ask an admin of the database to \(remedy(for: error.state))."
            )
        case _ where error.isUnstorableValue:
            return invalidParameter(
                "PostgreSQL cannot store a value of this request: \(error.messageWithTable). Nothing of this request was stored. "
                    + "Change the value, or make it shorter."
            )
        default: return error
        }
    }

    private static func remedy(for state: PostgresError.State) -> String {
        switch state {
        case .notNullViolation: "give the column a default, or allow NULL in it"
        case .sequenceExhausted: "raise the limit of the sequence with ALTER SEQUENCE … MAXVALUE"
        case .noMatchingConstraint: "restore the primary key of the table"
        default: "restore the table as MLflow creates it"
        }
    }
}
