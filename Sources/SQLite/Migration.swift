/// One step of the database schema.
package struct Migration: Sendable {
    /// The position in the sequence of migrations, from 1.
    package let version: Int
    /// The file name; error messages use it.
    package let name: String
    /// A script without transaction statements.
    package let sql: String

    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// Makes a migration from a file whose name begins with the version, such as `0001_initial.sql`; nil for other names.
    package init?(fileName: String, sql: String) {
        let digits = fileName.prefix { $0.isASCII && $0.isNumber }
        guard let version = Int(digits), version > 0, fileName.hasSuffix(".sql") else { return nil }
        self.init(version: version, name: fileName, sql: sql)
    }

    /// The 64-bit FNV-1a hash of the script in UTF-8, as 16 hexadecimal digits; detects an edited file, but not an attack.
    package var checksum: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in sql.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The reason why a database cannot be used with these migrations.
///
/// The database is unchanged, because all missing migrations share one transaction.
package enum MigrationError: Error, Sendable {
    /// The versions of the migrations are not 1, 2, 3 and so on.
    case brokenSequence(name: String, expected: Int, found: Int)
    /// The file is not an SQLite database.
    case notADatabase
    /// The database belongs to MLflow; `revision` is its Alembic revision, if recorded.
    case mlflowDatabase(revision: String?)
    /// The database belongs to another program.
    case foreignDatabase
    /// A newer version of Apus has migrated the database beyond the versions known here.
    case newerDatabase(recorded: Int, name: String, known: Int)
    /// A migration was edited after it had been applied.
    case changedChecksum(name: String, recorded: String, current: String)
    /// The table `schema_migrations` does not contain a version that is lower than its newest one.
    case gapInRecord(missing: Int)
    /// A migration failed, and the transaction was rolled back.
    case failed(name: String, SQLiteError)
    /// The database could not be read or written.
    case database(SQLiteError)
}

extension MigrationError: CustomStringConvertible {
    /// One line for the person who starts the server.
    package var description: String {
        switch self {
        case .brokenSequence(let name, let expected, let found):
            "migration \(name) has version \(found), expected \(expected)"
        case .notADatabase: "the file is not a SQLite database"
        case .mlflowDatabase(let revision):
            "this is MLflow's own database (revision \(revision ?? "unknown")), not an Apus database; it was not changed"
        case .foreignDatabase: "this is not an Apus database; it was not changed"
        case .newerDatabase(let recorded, let name, let known):
            "the database is at version \(recorded) (\(name)), but this program knows only versions up to \(known)"
        case .changedChecksum(let name, let recorded, let current):
            "migration \(name) was changed after it had been applied: checksum \(current), recorded \(recorded)"
        case .gapInRecord(let missing): "the database's record of migrations lacks version \(missing)"
        case .failed(let name, let error): "migration \(name) failed and was rolled back: \(error)"
        case .database(let error): "the database cannot be used: \(error)"
        }
    }
}
