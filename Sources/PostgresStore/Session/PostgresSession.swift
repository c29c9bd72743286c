package import PostgreSQL
package import Tracking

// How to write a function of a session.
//
// Reading. `rows` runs one statement and returns its rows; columns are numbered from 0:
//
//     let tags = try rows("SELECT key, value FROM tags WHERE run_uuid = $1", runID).map {
//         Tag(key: $0.string(0), value: $0.string(1))
//     }
//
// SQL that is built for one request (a search) is passed with `values:` and `isPrepared: false`. Several statements cost only one
// wait if all of them are sent with `ask` first:
//
//     let metrics = try ask("SELECT … = ANY($1)", runIDs)
//     let params = try ask("SELECT … = ANY($1)", runIDs)
//     for row in try rows(metrics) { … }
//
// Values. `$1` gets its type from the expression around it. A number that a client may choose freely is compared as
// `$1::bigint`, because a number beyond the range of the column's type is an error. An array is written as `= ANY($1)` or
// `unnest($1::text[], $2::bigint[])`. Nothing from a client ever becomes part of the SQL text.
//
// Writing (`PostgresWriteSession`). `change` only sends a statement; if it fails, the error is thrown by a later call, at the
// latest by the commit. `changed` waits for the result, and returns the rows of `RETURNING` and the number of changed rows. If
// possible, a function makes all checks that may throw a `TrackingError` before its first `change`, because after a later failure
// all requests of the transaction run again. Rows that must not change between a look-up and the commit are selected `FOR NO KEY
// UPDATE` (or `FOR KEY SHARE` if it is enough that they are not deleted), because MLflow's servers write to the same tables. An
// INSERT for which another program may have added the same row has `ON CONFLICT DO NOTHING`, and `affectedCount` tells whether it
// added the row.
//
// A `PostgresError` must be rethrown: the store translates it, or runs the request again.

/// What read and write sessions have in common: the connection with its open transaction, and the client that waits.
///
/// The look-ups by id and name, in extensions of this protocol, get the action for which an entity is looked up, and throw if the
/// client may not perform it. Searches leave out entities that the client may not read.
package protocol PostgresSession: AnyObject, ClientBound {
    var pipeline: PostgresPipeline { get }

    /// Whether this server uses the tables of users, tokens and the audit.
    var hasAccessTables: Bool { get }

    /// Called before a statement is sent or queued; a write session then sends what its request has logged so far.
    func prepareStatement() throws
}

extension PostgresSession {
    /// Runs a statement and returns its rows.
    func rows(_ sql: String, _ values: any PostgresParameter...) throws -> PostgresRows {
        try prepareStatement()
        return try pipeline.rows(sql, values.map(\.postgresValue))
    }

    /// Runs a statement and returns its rows.
    ///
    /// - Parameter isPrepared: whether the text is used so often that the server should remember its plan.
    func rows(_ sql: String, values: [PostgresValue], isPrepared: Bool = true) throws -> PostgresRows {
        try prepareStatement()
        return try pipeline.rows(sql, values, isPrepared: isPrepared)
    }

    /// Sends a statement without waiting for its rows, which `rows(_:)` returns later.
    func ask(_ sql: String, _ values: any PostgresParameter...) throws -> PostgresPipeline.Ticket {
        try prepareStatement()
        return try pipeline.ask(sql, values.map(\.postgresValue))
    }

    /// Returns the rows of a statement that was sent with `ask`.
    func rows(_ ticket: PostgresPipeline.Ticket) throws -> PostgresRows { try pipeline.rows(ticket) }
}

/// A value for a parameter of a statement.
package protocol PostgresParameter {
    var postgresValue: PostgresValue { get }
}

extension PostgresValue: PostgresParameter {
    package var postgresValue: PostgresValue { self }
}

extension String: PostgresParameter {
    package var postgresValue: PostgresValue { .text(self) }
}

extension Int64: PostgresParameter {
    package var postgresValue: PostgresValue { .integer(self) }
}

extension Int: PostgresParameter {
    package var postgresValue: PostgresValue { .integer(Int64(self)) }
}

extension Double: PostgresParameter {
    package var postgresValue: PostgresValue { .real(self) }
}

extension Bool: PostgresParameter {
    package var postgresValue: PostgresValue { .boolean(self) }
}

extension Optional: PostgresParameter where Wrapped: PostgresParameter {
    package var postgresValue: PostgresValue { map(\.postgresValue) ?? .null }
}

extension Array: PostgresParameter where Element: PostgresParameter {
    package var postgresValue: PostgresValue { .array(map(\.postgresValue)) }
}

extension PostgresRow {
    func optionalInt64(_ column: Int) -> Int64? { isNull(column) ? nil : int64(column) }

    func optionalString(_ column: Int) -> String? { isNull(column) ? nil : string(column) }

    /// Returns a Boolean; false for NULL.
    func bool(_ column: Int) -> Bool { int64(column) != 0 }
}
