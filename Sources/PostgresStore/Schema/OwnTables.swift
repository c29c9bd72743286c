internal import PostgreSQL

/// Creates Apus's own tables, which MLflow does not have, in the schema `apus` of the database.
///
/// MLflow's tables stay unchanged, and its servers do not look into another schema.
struct OwnTables {
    private let pipeline: PostgresPipeline
    private let scripts: [String]

    /// The advisory lock that lets only one server at a time create or change the tables.
    private static let lock: Int64 = 0x6170_7573_6f77_6e00

    /// - Parameter scripts: the scripts that create the tables, in order; a released script never changes.
    init(_ pipeline: PostgresPipeline, _ scripts: [String]) {
        self.pipeline = pipeline
        self.scripts = scripts
    }

    /// Runs the scripts that have not run in this database, all of them or none.
    ///
    /// - Throws: `UnfitDatabase` if a newer version has created the tables, or if the server's user may not create or change
    ///   them; `PostgresError`.
    func prepare() throws {
        do {
            try pipeline.send("BEGIN")
            _ = try pipeline.rows("SELECT pg_advisory_xact_lock($1)", [.integer(Self.lock)])
            try runMissing(after: try version())
            try pipeline.send("COMMIT")
            try pipeline.waitForAnswers()
        } catch {
            pipeline.rollBack()
            guard let error = error as? PostgresError, error.state == .noPrivilege else { throw error }
            throw try missingPrivilege(error)
        }
    }

    /// The error for missing privileges, with the SQL by which an administrator of the database can grant them.
    private func missingPrivilege(_ error: PostgresError) throws -> UnfitDatabase {
        let user = try pipeline.rows("SELECT quote_ident(current_user)").first { $0.string(0) } ?? "the_user"
        let owner = try pipeline.rows("SELECT pg_get_userbyid(nspowner)::text FROM pg_namespace WHERE nspname = 'apus'")
            .first { $0.string(0) }
        let beginning = "\(pipeline.displayURI): the user \(user) may not "
        guard let owner else {
            return UnfitDatabase(
                beginning + "create the schema 'apus' for the tables of users and tokens: \(error.message). Let an "
                    + "administrator of the database run in it: CREATE SCHEMA apus AUTHORIZATION \(user)"
            )
        }
        return UnfitDatabase(
            beginning + "use or change the tables of users and tokens in the schema 'apus', which belongs to \(owner): "
                + "\(error.message). Let servers connect as the user \(owner), or let an administrator run in psql: ALTER SCHEMA "
                + "apus OWNER TO \(user); SELECT format('ALTER TABLE %s OWNER TO \(user)', oid::regclass) FROM pg_class WHERE "
                + "relnamespace = 'apus'::regnamespace AND relkind = 'r' \\gexec"
        )
    }

    /// Whether the database has users or valid tokens; if the server's user may not read their tables, whether the tables exist.
    static func haveAccounts(_ pipeline: PostgresPipeline) throws -> Bool {
        let query = """
            SELECT bool_and(has_schema_privilege(space.oid, 'USAGE') AND has_table_privilege(entry.oid, 'SELECT'))
            FROM pg_class AS entry JOIN pg_namespace AS space ON space.oid = entry.relnamespace
            WHERE space.nspname = 'apus' AND entry.relname IN ('users', 'access_tokens')
            HAVING count(*) > 0
            """
        let isReadable = try pipeline.rows(query).first { $0.bool(0) }
        guard let isReadable else { return false }
        guard isReadable else { return true }
        let usersQuery = """
            SELECT EXISTS (SELECT FROM apus.users)
                OR EXISTS (SELECT FROM apus.access_tokens WHERE expiration_time IS NULL OR expiration_time > $1)
            """
        return try pipeline.rows(usersQuery, [.integer(currentMilliseconds())]).first { $0.bool(0) } ?? false
    }

    /// Whether the database has the tables, even if this server's user may not read them.
    static func exist(_ pipeline: PostgresPipeline) throws -> Bool {
        let query = """
            SELECT EXISTS (SELECT FROM pg_class AS entry JOIN pg_namespace AS space ON space.oid = entry.relnamespace
                WHERE space.nspname = 'apus' AND entry.relname = 'users')
            """
        return try pipeline.rows(query).first { $0.bool(0) } ?? false
    }

    /// The number of scripts that have run in this database; creates the table with this number if it is missing.
    private func version() throws -> Int {
        let hasSchema = try pipeline.rows("SELECT to_regnamespace('apus') IS NOT NULL").first { $0.bool(0) }
        if hasSchema != true { try pipeline.send("CREATE SCHEMA apus") }
        try pipeline.send("CREATE TABLE IF NOT EXISTS apus.schema_version (version bigint NOT NULL)")
        return Int(try pipeline.rows("SELECT version FROM apus.schema_version").first { $0.int64(0) } ?? 0)
    }

    private func runMissing(after version: Int) throws {
        guard version <= scripts.count else {
            throw UnfitDatabase(
                "\(pipeline.displayURI) has tables of a newer version of Apus in its schema 'apus' (version \(version); "
                    + "this Apus knows up to \(scripts.count)). Use the newer version."
            )
        }
        guard version < scripts.count else { return }
        for statement in scripts[version...].flatMap({ SQLScript.statements(of: $0) }) {
            try pipeline.send(statement, isPrepared: false)
        }
        try pipeline.send("DELETE FROM apus.schema_version")
        try pipeline.send("INSERT INTO apus.schema_version (version) VALUES ($1)", [.integer(Int64(scripts.count))])
    }
}
