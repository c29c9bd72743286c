import Glibc
import SQLite
import Testing

@Suite struct MigratorTests {
    private let folder: TemporaryFolder
    private let first = Migration(version: 1, name: "0001_initial.sql", sql: "CREATE TABLE a (x); CREATE TABLE b (y);")
    private let second = Migration(version: 2, name: "0002_more.sql", sql: "CREATE TABLE c (z);")

    init() throws {
        folder = try TemporaryFolder()
    }

    private func connection() throws -> Connection {
        try Connection(path: folder.file("apus.db"), mode: .readWriteCreate)
    }

    @Test func `applies what is missing, once`() throws {
        let path = folder.file("apus.db")
        let one = try Migrator([first])
        #expect(try one.inspect(path: path) == .empty)
        let database = try connection()
        #expect(try one.migrate(database) == ["0001_initial.sql"])
        #expect(try one.migrate(database) == [])
        #expect(try one.inspect(path: path) == .applied(version: 1))
        let two = try Migrator([second, first])
        #expect(try two.inspect(path: path) == .applied(version: 1))
        #expect(try two.migrate(database) == ["0002_more.sql"])
        #expect(
            try database.firstInt64(of: "SELECT count(*) FROM schema_migrations WHERE applied_at > 1500000000000") == 2
        )
        #expect(try database.firstInt64(of: "PRAGMA application_id") == Migrator.applicationID)
    }

    @Test func `a failed step is undone with the ones before it`() throws {
        let broken = Migration(version: 2, name: "0002_broken.sql", sql: "CREATE TABLE c (z); CREATE TABLE a (x);")
        let database = try connection()
        let error = #expect(throws: MigrationError.self) { try Migrator([first, broken]).migrate(database) }
        guard case .failed("0002_broken.sql", _) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(try database.firstInt64(of: "SELECT count(*) FROM sqlite_schema") == 0)
        #expect(try Migrator([first]).inspect(path: database.path) == .empty)
    }

    @Test func `a script must not end its transaction`() throws {
        let rogue = Migration(version: 1, name: "0001_rogue.sql", sql: "CREATE TABLE a (x); COMMIT;")
        let database = try connection()
        #expect(throws: MigrationError.self) { try Migrator([rogue]).migrate(database) }
    }

    @Test func `a changed file is named`() throws {
        let database = try connection()
        try Migrator([first]).migrate(database)
        let changed = Migration(version: 1, name: first.name, sql: first.sql + " ")
        let error = #expect(throws: MigrationError.self) { try Migrator([changed]).inspect(path: database.path) }
        guard case .changedChecksum("0001_initial.sql", first.checksum, changed.checksum) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func `a newer database is refused`() throws {
        let database = try connection()
        try Migrator([first, second]).migrate(database)
        let error = #expect(throws: MigrationError.self) { try Migrator([first]).migrate(database) }
        guard case .newerDatabase(2, "0002_more.sql", 1) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func `a gap in the record is refused`() throws {
        let database = try connection()
        let migrator = try Migrator([first, second])
        try migrator.migrate(database)
        try database.execute("DELETE FROM schema_migrations WHERE version = 1")
        let error = #expect(throws: MigrationError.self) { try migrator.migrate(database) }
        guard case .gapInRecord(1) = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func `a gap in the files is refused`() {
        #expect(throws: MigrationError.self) { try Migrator([second]) }
        #expect(throws: MigrationError.self) { try Migrator([first, first]) }
        #expect(throws: MigrationError.self) { try Migrator([first, Migration(version: 3, name: "c", sql: "")]) }
    }

    @Test(arguments: [
        ("CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('abc')", "revision abc"),
        ("CREATE TABLE alembic_version (version_num TEXT)", "revision unknown"),
        ("CREATE TABLE users (id)", "not an Apus database"),
        ("CREATE TABLE schema_migrations (version)", "not an Apus database"),
        ("CREATE TABLE schema_migrations (version, name, checksum, applied_at)", "not an Apus database"),
    ])
    func `a foreign database is refused untouched`(sql: String, text: String) throws {
        let database = try connection()
        try database.execute(sql)
        database.close()
        let before = try contents(of: database.path)
        let migrator = try Migrator([first])
        let errors = [
            #expect(throws: MigrationError.self) { try migrator.inspect(path: database.path) },
            #expect(throws: MigrationError.self) { try migrator.migrate(connection()) },
        ]
        for error in errors {
            #expect(error?.description.contains(text) == true)
        }
        #expect(try contents(of: database.path) == before)
        #expect(access(database.path + "-wal", F_OK) != 0)
    }

    @Test func `a file that is no database is refused`() throws {
        let path = folder.file("apus.db")
        let file = try #require(fopen(path, "w"))
        for _ in 0..<200 { fputs("this is not a database\n", file) }
        fclose(file)
        let error = #expect(throws: MigrationError.self) { try Migrator([first]).inspect(path: path) }
        guard case .notADatabase = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
    }

    @Test func `a database left behind by a crash is recovered`() throws {
        let database = try connection()
        let migrator = try Migrator([first])
        try migrator.migrate(database)
        try database.execute("INSERT INTO a VALUES ('kept')")
        try database.execute("PRAGMA cache_size = 2; BEGIN IMMEDIATE; UPDATE a SET x = zeroblob(1000000)")
        // Copies the files as a crash leaves them: changed pages in the database, the old ones in its journal.
        let copy = folder.file("copy.db")
        try write(contents(of: database.path + "-journal"), to: copy + "-journal")
        try write(contents(of: database.path), to: copy)
        #expect(throws: SQLiteError.self) {
            try Connection(path: copy, mode: .readOnly).firstInt64(of: "SELECT x FROM a")
        }
        #expect(try migrator.inspect(path: copy) == .applied(version: 1))
        #expect(try Connection(path: copy, mode: .readOnly).firstString(of: "SELECT x FROM a") == "kept")
    }

    @Test(
        arguments: [
            ("0001_initial.sql", 1), ("12_x.sql", 12), ("x.sql", nil), ("0_x.sql", nil), ("1_x.txt", nil), ("", nil),
        ] as [(String, Int?)]
    )
    func `a file's name gives its version`(name: String, version: Int?) {
        #expect(Migration(fileName: name, sql: "")?.version == version)
    }

    @Test func `checksums are those of FNV-1a`() {
        #expect(Migration(version: 1, name: "", sql: "").checksum == "cbf29ce484222325")
        #expect(Migration(version: 1, name: "", sql: "a").checksum == "af63dc4c8601ec8c")
        #expect(Migration(version: 1, name: "", sql: "foobar").checksum == "85944171f73967e8")
    }

    private func contents(of path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        let count = bytes.withUnsafeMutableBytes { fread($0.baseAddress, 1, $0.count, file) }
        return Array(bytes[..<count])
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        let count = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        try #require(count == bytes.count)
    }
}
