internal import Coding
internal import SQLite

/// A data folder in which a command has found no database.
struct AbsentDatabase {
    /// The path at which the database would be.
    let path: String

    /// Whether files in the folder show that only servers with a database in PostgreSQL have used it.
    var wasUsedWithPostgres: Bool { FileKind(path) != .file && OwnerLock.hasOwnersWithoutDatabase(path) }

    /// - Parameter allowsPostgres: whether the command also works on a database in PostgreSQL.
    func failure(allowsPostgres: Bool) -> StartFailure {
        let flag = SettingDefinition.backendStoreURI.flag
        let absence = "There is no database at '\(path.printable(limit: 300))'"
        guard wasUsedWithPostgres else {
            let other = allowsPostgres ? ", or a database in PostgreSQL with \(flag)" : ""
            return StartFailure("\(absence). Name the folder of all data with --data-dir\(other).")
        }
        let advice =
            allowsPostgres
            ? "Name that database as the server does: \(flag) postgresql://USER@HOST:PORT/DATABASE."
            : "This command works on SQLite files. \(StoreURI.adviceForPostgres)"
        return StartFailure("\(absence); a server whose data is in PostgreSQL has used this folder. \(advice)")
    }
}
