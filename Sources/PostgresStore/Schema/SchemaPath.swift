internal import PostgreSQL

/// The schemas of a database in which its user finds tables, or would create them.
///
/// As for MLflow's servers, tables in any schema of `search_path` are used.
struct SchemaPath {
    private let pipeline: PostgresPipeline
    /// The schema with the visible `alembic_version`; nil if none is visible.
    let served: String?
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
        ).first { (path: $0.string(0), first: $0.optionalString(1), served: $0.optionalString(2)) }
        served = found?.served
        guard let first = found?.first else {
            throw UnfitDatabase(
                "\(pipeline.place) has no schema that this server can use: its search_path (\(found?.path ?? "")) names none that is "
                    + "there and that the user has the privilege USAGE for. Let an admin of the database say: GRANT USAGE ON SCHEMA "
                    + "the_schema TO the_user"
            )
        }
        self.first = first
    }

    /// Throws if new tables would be created among tables of other programs, or would hide existing tables of the same names.
    func requireRoom() throws {
        guard try isEmpty() else {
            throw UnfitDatabase(
                "\(pipeline.place) has tables, but not those of MLflow, in its schema \(first). Name an empty database, or one of "
                    + "MLflow."
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
            ? "If they are others, let the address name the schema for MLflow's alone: ?options=-csearch_path%3D\(first)"
            : "The server's user may not use that schema. Let an admin of the database say: GRANT USAGE ON SCHEMA "
                + "\(other.schema) TO the_user"
        throw UnfitDatabase(
            "\(pipeline.place) has the table '\(other.table)' in the schema \(other.schema), which search_path names beside the "
                + "empty schema \(first). New tables there would hide what may be MLflow's. \(remedy)"
        )
    }

    private func isEmpty() throws -> Bool {
        // Objects of an extension, such as the view pg_stat_statements, are ignored.
        let count = try pipeline.rows(
            """
            SELECT count(*)
            FROM pg_class AS entry
            WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
                AND NOT EXISTS (
                    SELECT FROM pg_depend
                    WHERE classid = 'pg_class'::regclass AND objid = entry.oid AND deptype = 'e'
                )
            """
        ).first { $0.int64(0) }
        return count == 0
    }

    /// Throws unless all tables that the server uses are visible in the schema of `alembic_version`.
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
            [Self.tables.postgresValue, .text(served ?? first)]
        ).first { (table: $0.string(0), schema: $0.string(1)) }
        guard let other else { return }
        throw UnfitDatabase(
            "\(pipeline.place) shows the table '\(other.table)' of the schema \(other.schema), but alembic_version of the schema "
                + "\(served ?? first). Let the address name one schema: ?options=-csearch_path%3Dthe_schema"
        )
    }
}
