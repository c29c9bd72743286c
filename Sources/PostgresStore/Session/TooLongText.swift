internal import PostgreSQL

/// Explains the error for a text that was too long for its column, because PostgreSQL does not name the column.
enum TooLongText {
    /// The SQL for the maximum length of a column, from its row in `pg_attribute`.
    static let columnLength = "(atttypmod - 4)::bigint"

    /// Returns the error with a message that names the columns that may have refused the text; returns other errors unchanged.
    ///
    /// Call it after the transaction is rolled back, because it queries the database.
    static func explained(_ error: PostgresError, _ pipeline: PostgresPipeline) -> PostgresError {
        // The message is in the language of the server, but ends with the type, such as character varying(250).
        guard error.state == .valueTooLong, let sql = error.sql, let table = changedTable(sql),
            let length = error.message.firstMatch(of: /\(([0-9]{1,9})\)/).flatMap({ Int64($0.1) })
        else { return error }
        pipeline.watch = PostgresWatch(deadline: .now + .seconds(10))
        let columns = try? pipeline.rows(
            """
            SELECT attname::text FROM pg_attribute
            WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND atttypmod > 0
                AND \(columnLength) = $2::bigint
            ORDER BY attnum
            """,
            [.text(table), .integer(length)]
        ).map { $0.string(0) }
        let named = (columns ?? []).filter { sql.contains($0) }.map { "\(table).\($0)" }
        guard !named.isEmpty else { return error }
        var explained = error
        explained.message = "\(named.joined(separator: " or ")) can store at most \(length) characters"
        return explained
    }

    /// Returns the name of the table that a statement changes; nil if it changes none.
    static func changedTable(_ sql: String) -> String? {
        sql.firstMatch(of: /(?:INSERT INTO|UPDATE) ([a-z_]+)/).map { String($0.1) }
    }
}
