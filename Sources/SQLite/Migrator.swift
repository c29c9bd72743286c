internal import Glibc

/// Migrates a database to the newest schema, or throws the reason why the database must not be used.
///
/// The table `schema_migrations` records the applied migrations; `application_id` in the file's header identifies Apus.
package struct Migrator: Sendable {
    /// The `application_id` of a database of Apus (https://sqlite.org/pragma.html#pragma_application_id): "APUS" in ASCII.
    package static let applicationID: Int64 = 0x4150_5553

    /// The state of a database before migration.
    package enum State: Equatable, Sendable {
        /// There is no file, or the file has no tables.
        case empty
        /// The database belongs to Apus; `version` is the newest migration applied.
        case applied(version: Int)
    }

    private struct Record {
        let version: Int
        let name: String
        let checksum: String
    }

    private let migrations: [Migration]

    /// Accepts the migrations in any order.
    /// - Throws: `.brokenSequence` if their versions are not 1, 2, 3 and so on.
    package init(_ migrations: [Migration]) throws(MigrationError) {
        self.migrations = migrations.sorted { $0.version < $1.version }
        for (index, migration) in self.migrations.enumerated() where migration.version != index + 1 {
            throw .brokenSequence(name: migration.name, expected: index + 1, found: migration.version)
        }
    }

    /// Inspects a database file; call it before a connection for writing is opened.
    ///
    /// Opens the file for reading only, with two exceptions. If a crash has left a journal, the file is opened for
    /// writing, and SQLite rolls the journal back. A database with a WAL on a file system without shared memory is
    /// opened for writing with an exclusive lock.
    /// - Throws: the reason why the database must not be used.
    package func inspect(path: String) throws(MigrationError) -> State {
        guard access(path, F_OK) == 0 else { return .empty }
        return try Self.translatingErrors {
            do {
                return try state(ofFileAt: path, mode: .readOnly)
            } catch let error as SQLiteError
                where error.isReadOnly || error.code.primary == .cannotOpen || error.isIOError
            {
                // Without shared memory, SQLite reports an I/O error for a database with a WAL.
                return try state(ofFileAt: path, mode: .readWrite, exclusively: error.isIOError)
            }
        }
    }

    /// Applies all missing migrations in one immediate transaction, so that they need only one sync.
    /// - Returns: the names of the migrations that were applied.
    /// - Throws: the errors of `inspect`, and `.failed`; the database is then unchanged.
    @discardableResult
    package func migrate(_ connection: Connection) throws(MigrationError) -> [String] {
        try Self.translatingErrors {
            var current = 0
            if case .applied(let version) = try state(of: connection) { current = version }
            let missing = migrations.filter { $0.version > current }
            guard !missing.isEmpty else { return [] }
            try connection.immediateTransaction {
                for migration in missing { try apply(migration, to: connection) }
            }
            return missing.map(\.name)
        }
    }

    private func apply(_ migration: Migration, to connection: Connection) throws {
        do {
            if migration.version == 1 {
                try connection.execute(Self.createRecordTable)
                try connection.execute("PRAGMA application_id = \(Self.applicationID)")
            }
            try connection.execute(migration.sql)
            guard connection.isInTransaction else {
                throw SQLiteError(code: .misuse, message: "the script ends its transaction")
            }
            let insert = try connection.prepare(Self.insertRecord)
            try insert.bind(migration.version, at: 1)
            try insert.bind(migration.name, at: 2)
            try insert.bind(migration.checksum, at: 3)
            try insert.bind(Self.unixMilliseconds(), at: 4)
            try insert.run()
        } catch let error as SQLiteError {
            throw MigrationError.failed(name: migration.name, error)
        }
    }

    private func state(ofFileAt path: String, mode: Connection.Mode, exclusively: Bool = false) throws -> State {
        let connection = try Connection(path: path, mode: mode)
        defer { connection.close() }
        if exclusively { try connection.execute("PRAGMA locking_mode = EXCLUSIVE") }
        return try state(of: connection)
    }

    /// Throws `MigrationError`, or `SQLiteError` if a query fails.
    private func state(of connection: Connection) throws -> State {
        try connection.readTransaction {
            let tables = try connection.prepare(Self.listTables).map { $0.string(0) }
            guard !tables.isEmpty else { return .empty }
            let recordColumns = try connection.firstInt64(of: Self.countRecordTableColumns) ?? 0
            let identifier = try connection.firstInt64(of: "PRAGMA application_id") ?? 0
            guard recordColumns == 4, identifier == Self.applicationID else {
                guard tables.contains("alembic_version") else { throw MigrationError.foreignDatabase }
                let revision = try connection.firstString(of: "SELECT version_num FROM alembic_version")
                throw MigrationError.mlflowDatabase(revision: revision)
            }
            return .applied(version: try checkRecords(of: connection))
        }
    }

    private func checkRecords(of connection: Connection) throws -> Int {
        let records = try connection.prepare(Self.listRecords).map {
            Record(version: $0.int(0), name: $0.string(1), checksum: $0.string(2))
        }
        if let newest = records.last, newest.version > migrations.count {
            throw MigrationError.newerDatabase(recorded: newest.version, name: newest.name, known: migrations.count)
        }
        for (index, record) in records.enumerated() {
            guard record.version == index + 1 else { throw MigrationError.gapInRecord(missing: index + 1) }
            let migration = migrations[index]
            guard record.checksum == migration.checksum else {
                throw MigrationError.changedChecksum(
                    name: migration.name,
                    recorded: record.checksum,
                    current: migration.checksum
                )
            }
        }
        return records.count
    }

    private static func translatingErrors<Value>(_ body: () throws -> Value) throws(MigrationError) -> Value {
        do {
            return try body()
        } catch let error as MigrationError {
            throw error
        } catch let error as SQLiteError {
            throw error.isNotADatabase ? .notADatabase : .database(error)
        } catch {
            throw .database(SQLiteError(code: .error, message: String(describing: error)))
        }
    }

    private static func unixMilliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) &* 1_000 &+ Int64(now.tv_nsec) / 1_000_000
    }
}

extension Migrator {
    private static let createRecordTable = """
        CREATE TABLE schema_migrations (
            version INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            checksum TEXT NOT NULL,
            applied_at INTEGER NOT NULL
        )
        """

    private static let insertRecord =
        "INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)"
    private static let listRecords = "SELECT version, name, checksum FROM schema_migrations ORDER BY version"
    private static let listTables = "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!'"

    private static let countRecordTableColumns = """
        SELECT count(*)
        FROM pragma_table_info('schema_migrations')
        WHERE name IN ('version', 'name', 'checksum', 'applied_at')
        """
}
