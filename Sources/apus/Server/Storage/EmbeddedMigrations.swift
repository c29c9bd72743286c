internal import CEmbeddedFiles
internal import SQLite

/// The files of `migrations/` that are embedded in the binary.
enum EmbeddedMigrations {
    private static let postgresFolder = "postgresql/"

    /// The migrations of a database in SQLite.
    static func load() throws(StartFailure) -> [Migration] {
        var migrations: [Migration] = []
        for file in files where !file.name.hasPrefix(postgresFolder) {
            guard let migration = Migration(fileName: file.name, sql: file.text) else {
                throw StartFailure("The migration '\(file.name)' does not have a name such as 0001_initial.sql.")
            }
            migrations.append(migration)
        }
        return migrations
    }

    /// The scripts that create Apus's own tables beside MLflow's in PostgreSQL, in the order in which they are run.
    static var ownTablesInPostgreSQL: [String] { files.filter { $0.name.hasPrefix(postgresFolder) }.map(\.text) }

    /// The files, in the order of their names.
    private static var files: [(name: String, text: String)] {
        let list = apus_migrations()
        return UnsafeBufferPointer(start: list.files, count: list.count).map { file in
            let bytes = UnsafeRawBufferPointer(start: file.bytes, count: file.length)
            return (String(cString: file.name), String(decoding: bytes, as: UTF8.self))
        }
    }
}
