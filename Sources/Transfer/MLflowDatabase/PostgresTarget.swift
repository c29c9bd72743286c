internal import PostgreSQL
internal import Tracking

/// An empty PostgreSQL database, which is filled in one transaction.
final class PostgresTarget: DatabaseTarget {
    let greatestExperimentID = TransferLimits.experimentIDInPostgreSQL
    var location: String { connection.displayURI }
    private let connection: PostgresConnection
    private let schema: MLflowSchema
    private var writers: [String: PostgresTableWriter] = [:]

    /// The key of the advisory lock by which only one export at a time fills a database.
    private static let lockKey: Int64 = 0x6170_7573_6578_7074

    /// Connects, begins the transaction and creates the tables.
    ///
    /// - Throws: `SourceFailure` for a database that is not empty, or is not in UTF-8; `PostgresError`.
    init(_ address: PostgresAddress, _ schema: MLflowSchema) throws {
        self.schema = schema
        connection = try PostgresConnection(address, applicationName: "apus-export")
        // The artifacts are copied between the last row and the commit, so the transaction may take hours.
        try connection.execute(
            """
            BEGIN;
            SET LOCAL statement_timeout = 0;
            SET LOCAL idle_in_transaction_session_timeout = 0;
            SET LOCAL lock_timeout = '20s';
            """
        )
        try requireEmptyDatabase()
        try connection.execute(schema.tables)
    }

    /// Takes the lock of this database; retries for two seconds, because the server may notice late that an export was killed.
    private func takeLock() throws -> Bool {
        for _ in 0..<20 {
            let isTaken = try connection.firstRow("SELECT pg_try_advisory_xact_lock($1)", [.integer(Self.lockKey)]) {
                $0.int64(0) == 1
            }
            if isTaken == true { return true }
            try connection.execute("SELECT pg_sleep(0.1)")
        }
        return false
    }

    private func requireEmptyDatabase() throws {
        let place = connection.displayURI
        guard try takeLock() else {
            throw SourceFailure("Another export to \(place) is running. Try again when it has ended.")
        }
        let encoding = try connection.firstRow("SELECT current_setting('server_encoding')") { $0.string(0) } ?? ""
        guard encoding == "UTF8" else {
            throw SourceFailure(
                "\(place) has the encoding \(encoding), in which not every text can be stored. Create a database with "
                    + "createdb --encoding=UTF8 --template=template0."
            )
        }
        let schemaName = try connection.firstRow("SELECT current_schema()::text") { $0.string(0) } ?? ""
        guard !schemaName.isEmpty else {
            throw SourceFailure(
                "\(place) has no schema in which tables can be created: no schema of its search_path exists."
            )
        }
        try requireRightToMakeTables()
        // Objects of an extension, such as the view pg_stat_statements, do not count as data.
        let found = try connection.firstRow(
            """
            SELECT count(*), min(relname::text)
            FROM pg_class AS entry
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                AND NOT EXISTS (
                    SELECT FROM pg_depend
                    WHERE classid = 'pg_class'::regclass AND objid = entry.oid AND deptype = 'e'
                )
            """
        ) { row in (count: row.int64(0), first: row.string(1)) }
        guard let found, found.count > 0 else { return }
        throw SourceFailure(
            "\(place) is not empty: it has '\(found.first)'"
                + (found.count > 1 ? " and \(found.count - 1) more tables, views or sequences" : "")
                + ". An export needs an empty database: create one with createdb, and export to it."
        )
    }

    private func requireRightToMakeTables() throws {
        let refused = try connection.firstRow(
            """
            SELECT quote_ident(current_schema()), quote_ident(current_user)
            WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
            """
        ) { row in (schema: row.string(0), user: row.string(1)) }
        guard let refused else { return }
        throw SourceFailure(
            "\(connection.displayURI): the user \(refused.user) may not create tables in the schema \(refused.schema). "
                + "Since PostgreSQL 15, only the owner of a database may do so in the schema public. Let an "
                + "administrator run in it: GRANT CREATE ON SCHEMA \(refused.schema) TO \(refused.user), or create the "
                + "database with createdb --owner=\(refused.user)."
        )
    }

    func writer(of table: String, _ columns: [String], on conflict: RowConflict) throws -> any TableWriter {
        let writer = try PostgresTableWriter(connection, table, columns, on: conflict)
        writers[table] = writer
        return writer
    }

    func lookup<Value>(
        _ sql: String,
        in table: String,
        _ values: [ColumnValue],
        _ read: (DatabaseRow) throws -> Value
    ) throws -> Value? {
        try writers[table]?.flush()
        return try connection.firstRow(PostgresSQL.numbered(sql), values.map { PostgresValue($0) }) {
            try read(DatabaseRow($0))
        }
    }

    func finish() throws {
        for writer in writers.values { try writer.flush() }
        try connection.execute(schema.indexes)
        // The next experiment gets the id after the greatest one; this is 1 if only the default experiment, whose id is 0,
        // exists.
        try connection.execute(
            """
            SELECT setval('experiments_experiment_id_seq', greatest(max(experiment_id), 1), coalesce(max(experiment_id), 0) > 0)
            FROM experiments
            """
        )
    }

    func commit() throws {
        try connection.execute("COMMIT")
        connection.close()
    }
}

/// Collects the rows of one table, and sends many rows at once.
private final class PostgresTableWriter: TableWriter {
    private struct Column {
        let name: String
        /// The greatest number of characters of a value; nil if there is no limit.
        let maximumLength: Int?
    }

    private let connection: PostgresConnection
    private let table: String
    private let columns: [Column]
    private let conflict: RowConflict
    private var rows = CopyRows()

    /// The number of bytes at which the collected rows are sent.
    private static let maximumBytes = 1_048_576

    init(_ connection: PostgresConnection, _ table: String, _ columns: [String], on conflict: RowConflict) throws {
        self.connection = connection
        self.table = table
        self.conflict = conflict
        var limits: [String: Int] = [:]
        // atttypmod of a varchar column is its greatest number of characters plus four.
        try connection.forEachRow(
            """
            SELECT attname::text, atttypmod - 4 FROM pg_attribute
            WHERE attrelid = $1::text::regclass AND atttypid = 'varchar'::regtype AND atttypmod > 4
            """,
            [.text(table)]
        ) { limits[$0.string(0)] = Int($0.int64(1)) }
        self.columns = columns.map { Column(name: $0, maximumLength: limits[$0]) }
        if case .fail = conflict { return }
        try connection.execute(
            "CREATE TEMPORARY TABLE \(stagingTable) ON COMMIT DROP AS SELECT \(columnList) FROM \(table) WITH NO DATA"
        )
    }

    /// The temporary table to which rows are copied if their keys may exist already, because COPY cannot handle conflicts.
    private var stagingTable: String { "apus_staged_\(table)" }

    private var columnList: String { columns.map(\.name).joined(separator: ", ") }

    func add(_ values: [ColumnValue]) throws {
        try rows.append(try checkedValues(values))
        if rows.byteCount >= Self.maximumBytes { try flush() }
    }

    func addIfAbsent(_ values: [ColumnValue]) throws -> Bool {
        guard case .keepExisting(let key) = conflict else { preconditionFailure("rows of \(table) are not kept") }
        let placeholders = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        let count = try connection.run(
            """
            INSERT INTO \(table) (\(columnList)) VALUES (\(placeholders))
            ON CONFLICT (\(key.joined(separator: ", "))) DO NOTHING
            """,
            try checkedValues(values)
        )
        return count > 0
    }

    /// - Throws: if a text is too long for its column.
    private func checkedValues(_ values: [ColumnValue]) throws(UnstorableRow) -> [PostgresValue] {
        for (column, value) in zip(columns, values) {
            guard case .text(let text) = value else { continue }
            // Characters are counted only if there are too many bytes, because a String counts its bytes faster.
            if let limit = column.maximumLength, text.utf8.count > limit, text.unicodeScalars.count > limit {
                throw UnstorableRow(
                    description:
                        "its \(column.name) has \(text.unicodeScalars.count) characters, and MLflow's column in "
                        + "PostgreSQL can store at most \(limit)"
                )
            }
        }
        return values.map { PostgresValue($0) }
    }

    func flush() throws {
        guard rows.count > 0 else { return }
        if case .fail = conflict {
            try copy(into: table)
        } else {
            try copy(into: stagingTable)
            try connection.run(insertionSQL)
            try connection.execute("TRUNCATE \(stagingTable)")
        }
    }

    private func copy(into name: String) throws {
        try connection.copy("COPY \(name) (\(columnList)) FROM STDIN", rows)
        rows.removeAll()
    }

    /// The statement that inserts the staged rows.
    ///
    /// Of several rows with the same key, `conflict` decides which one is inserted, and whether it replaces an existing row.
    private var insertionSQL: String {
        let names = columns.map(\.name)
        let (key, order, end) =
            switch conflict {
            case .fail: ([String](), "", "")
            // ctid follows the order in which the rows were staged.
            case .keepExisting(let key): (key, "ctid", "ON CONFLICT (\(key.joined(separator: ", "))) DO NOTHING")
            case .replace(let key): (key, "ctid DESC", SQLText.upsert(table, names, key: key))
            case .keepGreatest(let key, let order):
                (
                    key, order.map { "\($0) DESC" }.joined(separator: ", "),
                    SQLText.upsert(table, names, key: key, keepingGreatest: order)
                )
            }
        let keyList = key.joined(separator: ", ")
        return """
            INSERT INTO \(table) (\(columnList))
            SELECT DISTINCT ON (\(keyList)) \(columnList) FROM \(stagingTable) ORDER BY \(keyList), \(order)
            \(end)
            """
    }
}
