internal import PostgreSQL
internal import Tracking

/// Creates MLflow's tables in an empty database; in any other database, checks that the tables that this store uses exist.
struct SchemaCheck {
    private let pipeline: PostgresPipeline
    private let schema: MLflowSchema
    private let willCreateTables: () -> Void

    /// The revision of MLflow 3.17's tables.
    static let revision = "dc11669786a5"
    /// The advisory lock that lets only one server at a time create the tables of a database.
    private static let lock: Int64 = 0x6170_7573_7363_6865
    /// An additional index, which MLflow ignores: the runs of an experiment, newest first, which is the order of most searches.
    private static let newestRuns = """
        CREATE INDEX apus_newest_runs ON runs (experiment_id, (coalesce(start_time, 0)) DESC, run_uuid COLLATE "C")
        """

    init(_ pipeline: PostgresPipeline, _ schema: MLflowSchema, willCreateTables: @escaping () -> Void) {
        self.pipeline = pipeline
        self.schema = schema
        self.willCreateTables = willCreateTables
    }

    /// - Returns: the schema that has the tables.
    /// - Throws: `UnfitDatabase`, `PostgresError`.
    func prepare(artifactRoot: ArtifactLocation) throws -> String {
        try requireEncoding()
        // The statements of the schema are sent one by one, because a pipeline accepts no script.
        try pipeline.send("BEGIN")
        do {
            _ = try pipeline.rows("SELECT pg_advisory_xact_lock($1)", [.integer(Self.lock)])
            let path = try SchemaPath(pipeline)
            if path.schemaOfMLflow == nil {
                try path.requireCreatableTables()
                willCreateTables()
                for statement in SQLScript.statements(of: schema.tables + "\n" + schema.indexes) + [Self.newestRuns] {
                    try pipeline.send(statement, isPrepared: false)
                }
                try pipeline.waitForAnswers()
            } else {
                try requireRevision()
            }
            try path.requireOneSchema()
            try requireOneWorkspace()
            try addDefaultExperiment(artifactRoot)
            try requireTables()
            try pipeline.send("COMMIT")
            try pipeline.waitForAnswers()
            return path.schemaOfMLflow ?? path.first
        } catch let error as PostgresError where error.state == .noPrivilege {
            pipeline.rollBack()
            throw try missingPrivilege(error)
        } catch {
            pipeline.rollBack()
            throw error
        }
    }

    /// The error for missing privileges, with the SQL by which an administrator of the database can grant them.
    private func missingPrivilege(_ error: PostgresError) throws -> UnfitDatabase {
        let names = try pipeline.rows("SELECT quote_ident(current_schema()), quote_ident(current_user)")
            .first { (schema: $0.string(0), user: $0.string(1)) }
        let (schema, user) = names ?? ("the_schema", "the_user")
        return UnfitDatabase(
            "\(pipeline.displayURI): the user \(user) lacks a privilege that this server needs: \(error.message). Let "
                + "servers connect as the user that owns the tables, or let an administrator of the database run in "
                + "it: GRANT USAGE ON SCHEMA \(schema) TO \(user); GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES "
                + "IN SCHEMA \(schema) TO \(user); GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA \(schema) TO \(user)"
        )
    }

    private func requireEncoding() throws {
        let encoding = try pipeline.rows("SELECT current_setting('server_encoding')").first { $0.string(0) }
        guard let encoding, encoding != "UTF8" else { return }
        throw UnfitDatabase(
            "\(pipeline.displayURI) has the encoding \(encoding), in which not every text can be stored. Create a database "
                + "with createdb --encoding=UTF8 --template=template0."
        )
    }

    private func requireRevision() throws {
        let revisions = try pipeline.rows("SELECT version_num FROM alembic_version").map { $0.string(0) }
        guard let revision = revisions.first, revisions.count == 1 else {
            throw UnfitDatabase(
                "\(pipeline.displayURI) has \(revisions.count) rows in alembic_version instead of one, so it is unknown "
                    + "which version of MLflow created its tables: a migration was interrupted, or rows were copied. "
                    + "Restore a backup, or delete all rows but that of the right revision, which is \(Self.revision) "
                    + "for MLflow 3.17."
            )
        }
        if MLflowRevisions.older.contains(revision) {
            throw UnfitDatabase(
                "\(pipeline.displayURI) has the tables of an older MLflow (revision \(revision)). Back up the database, and "
                    + "then upgrade it with MLflow 3.17: mlflow db upgrade \(pipeline.displayURI)"
            )
        }
        let missing = try missingColumns()
        guard !missing.isEmpty else { return }
        let isKnown = revision == Self.revision
        throw UnfitDatabase(
            "\(pipeline.displayURI) has the tables of \(isKnown ? "MLflow 3.17" : "another version of MLflow") (revision "
                + "\(revision.isEmpty ? "none" : revision)), but columns that this server uses are missing: "
                + "\(missing.joined(separator: ", ")). "
                + (isKnown
                    ? "Another program has removed them: restore a backup."
                    : "If the version is older than 3.17, upgrade the database: mlflow db upgrade \(pipeline.displayURI)")
        )
    }

    private func missingColumns() throws -> [String] {
        let (tables, columns) = (StoreColumns.all.map(\.table), StoreColumns.all.map(\.column))
        let query = """
            SELECT wanted.table_name || '.' || wanted.column_name
            FROM unnest($1::text[], $2::text[]) AS wanted (table_name, column_name)
            WHERE NOT EXISTS (
                SELECT FROM pg_attribute AS there
                WHERE there.attrelid = to_regclass(wanted.table_name) AND there.attname = wanted.column_name
                    AND there.attnum > 0 AND NOT there.attisdropped
            )
            ORDER BY 1
            """
        return try pipeline.rows(query, [tables.postgresValue, columns.postgresValue]).map { $0.string(0) }
    }

    /// Throws if the server's user may not read a table, or if another program has locked it.
    private func requireTables() throws {
        for table in Set(StoreColumns.all.map(\.table)).sorted() {
            try pipeline.send("SELECT FROM \(table) LIMIT 0", isPrepared: false)
        }
        try pipeline.waitForAnswers()
    }

    /// Throws if MLflow's workspaces are in use, because this store supports only the default one.
    private func requireOneWorkspace() throws {
        let query = "SELECT workspace FROM experiments WHERE workspace <> 'default' LIMIT 1"
        let other = try pipeline.rows(query).first { $0.string(0) }
        guard let other else { return }
        throw UnfitDatabase(
            "\(pipeline.displayURI) has experiments in the workspace '\(other)', but this server supports only the default "
                + "one. Move the experiments to that one, or serve the database with MLflow and "
                + "MLFLOW_ENABLE_WORKSPACES=true."
        )
    }

    /// Creates the experiment named Default, with id 0, if there is no experiment with that id, as MLflow does.
    private func addDefaultExperiment(_ root: ArtifactLocation) throws {
        try pipeline.send(
            """
            INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time,
                workspace)
            VALUES (0, 'Default', $1, 'active', $2, $2, 'default') ON CONFLICT DO NOTHING
            """,
            [.text(Experiment.defaultLocation(id: 0, beneath: root)), .integer(currentMilliseconds())]
        )
    }
}

/// A database that this store cannot use as it is; the description says what to do.
package struct UnfitDatabase: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Divides a script into its statements.
enum SQLScript {
    /// Returns the statements of a script.
    ///
    /// Except between two `$$`, its texts and comments must not end a line with a semicolon.
    static func statements(of script: String) -> [String] {
        var statements: [String] = []
        var lines: [Substring] = []
        var isQuoted = false
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) where !line.hasPrefix("--") {
            lines.append(line)
            if !line.ranges(of: "$$").count.isMultiple(of: 2) { isQuoted.toggle() }
            guard !isQuoted, line.hasSuffix(";") else { continue }
            statements.append(lines.joined(separator: "\n"))
            lines = []
        }
        return statements
    }
}
