internal import PostgreSQL

/// The schema in which the user of a database finds MLflow's tables, and the one in which the user would create tables.
///
/// As MLflow's servers do, this server uses tables in any schema of `search_path`.
struct SchemaPath {
    private let pipeline: PostgresPipeline
    /// The schema with the visible `alembic_version`; nil if none is visible.
    let schemaOfMLflow: String?
    /// The schema in which tables would be created.
    let first: String

    private static let tables = ["alembic_version"] + Set(StoreColumns.all.map(\.table)).sorted()

    /// - Throws: `UnfitDatabase` if the user may use none of the schemas.
    init(_ pipeline: PostgresPipeline) throws {
        self.pipeline = pipeline
        let found = try pipeline.rows(
            """
            SELECT current_setting('search_path'), current_schema()::text,
                (SELECT space.nspname::text
                FROM pg_class AS entry JOIN pg_namespace AS space ON space.oid = entry.relnamespace
                WHERE entry.oid = to_regclass('alembic_version'))
            """
        ).first { (path: $0.string(0), first: $0.optionalString(1), schemaOfMLflow: $0.optionalString(2)) }
        schemaOfMLflow = found?.schemaOfMLflow
        guard let first = found?.first else {
            throw UnfitDatabase(
                "\(pipeline.displayURI) has no schema that this server can use: no schema in its search_path "
                    + "(\(found?.path ?? "")) exists and grants the user the privilege USAGE. Let an administrator of "
                    + "the database run: GRANT USAGE ON SCHEMA the_schema TO the_user"
            )
        }
        self.first = first
    }

    /// Throws if the server's user may not create tables, or if new tables would be created among tables of other programs, or
    /// would hide existing tables of the same names.
    func requireCreatableTables() throws {
        try requireRightToMakeTables()
        guard try isEmpty() else {
            throw UnfitDatabase(
                "\(pipeline.displayURI) has tables, but not those of MLflow, in its schema \(first). Give the address of an "
                    + "empty database, or of one with MLflow's tables."
            )
        }
        let other = try pipeline.rows(
            """
            SELECT space.nspname::text, entry.relname::text, has_schema_privilege(space.oid, 'USAGE')
            FROM unnest(string_to_array(current_setting('search_path'), ',')) WITH ORDINALITY AS part (name, number)
            JOIN pg_namespace AS space ON space.nspname = CASE
                WHEN btrim(part.name, ' "') = '$user' THEN current_user::text
                WHEN part.name LIKE '%"%' THEN btrim(part.name, ' "')
                ELSE lower(btrim(part.name)) END
            JOIN pg_class AS entry ON entry.relnamespace = space.oid AND entry.relname = ANY($1::text[])
                AND entry.relkind IN ('r', 'p', 'v', 'm', 'f')
            ORDER BY part.number, entry.relname
            LIMIT 1
            """,
            [Self.tables.postgresValue]
        ).first { (schema: $0.string(0), table: $0.string(1), isUsable: $0.bool(2)) }
        guard let other else { return }
        let remedy =
            other.isUsable
            ? "If that table is not MLflow's, restrict the address to the empty schema: "
                + "?options=-csearch_path%3D\(first)"
            : "The server's user may not use that schema. Let an administrator of the database run: GRANT USAGE ON "
                + "SCHEMA \(other.schema) TO the_user"
        throw UnfitDatabase(
            "\(pipeline.displayURI) has the table '\(other.table)' in the schema \(other.schema), which is in search_path "
                + "together with the empty schema \(first). New tables there would hide that table, which may be "
                + "MLflow's. \(remedy)"
        )
    }

    private func requireRightToMakeTables() throws {
        let refused = try pipeline.rows(
            """
            SELECT quote_ident(current_schema()), quote_ident(current_user), quote_ident(current_database())
            WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
            """
        ).first { (schema: $0.string(0), user: $0.string(1), database: $0.string(2)) }
        guard let refused else { return }
        throw UnfitDatabase(
            "\(pipeline.displayURI) has no tables of MLflow, and the user \(refused.user) may not create them in the schema "
                + "\(refused.schema). Since PostgreSQL 15, only the owner of a database may do so in the schema "
                + "public. Let an administrator run in it: GRANT CREATE ON SCHEMA \(refused.schema) TO "
                + "\(refused.user), or ALTER DATABASE \(refused.database) OWNER TO \(refused.user)"
        )
    }

    private func isEmpty() throws -> Bool {
        // Objects of an extension, such as the view pg_stat_statements, are ignored.
        let query = """
            SELECT count(*)
            FROM pg_class AS entry
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                AND NOT EXISTS (
                    SELECT FROM pg_depend
                    WHERE classid = 'pg_class'::regclass AND objid = entry.oid AND deptype = 'e'
                )
            """
        let count = try pipeline.rows(query).first { $0.int64(0) }
        return count == 0
    }

    /// Throws if `search_path` finds a table that the server uses in another schema than that of `alembic_version`.
    func requireOneSchema() throws {
        let other = try pipeline.rows(
            """
            SELECT entry.relname::text, space.nspname::text
            FROM unnest($1::text[]) AS wanted (name)
            JOIN pg_class AS entry ON entry.oid = to_regclass(wanted.name)
            JOIN pg_namespace AS space ON space.oid = entry.relnamespace
            WHERE space.nspname::text <> $2
            ORDER BY 1 LIMIT 1
            """,
            [Self.tables.postgresValue, .text(schemaOfMLflow ?? first)]
        ).first { (table: $0.string(0), schema: $0.string(1)) }
        guard let other else { return }
        throw UnfitDatabase(
            "\(pipeline.displayURI): its search_path finds the table '\(other.table)' in the schema \(other.schema), but "
                + "alembic_version in the schema \(schemaOfMLflow ?? first). Restrict the address to one schema: "
                + "?options=-csearch_path%3Dthe_schema"
        )
    }
}
