internal import CEmbeddedFiles
internal import SQLite

/// The files of `migrations/` that are embedded in the binary.
enum EmbeddedMigrations {
    static func load() throws(StartFailure) -> [Migration] {
        let list = apus_migrations()
        var migrations: [Migration] = []
        for file in UnsafeBufferPointer(start: list.files, count: list.count) {
            let name = String(cString: file.name)
            let sql = String(decoding: UnsafeRawBufferPointer(start: file.bytes, count: file.length), as: UTF8.self)
            guard let migration = Migration(fileName: name, sql: sql) else {
                throw StartFailure("The migration '\(name)' does not have a name such as 0001_initial.sql.")
            }
            migrations.append(migration)
        }
        return migrations
    }
}
