internal import Coding
internal import SQLite

/// The failure of a command to find a database in a data folder.
struct AbsentDatabase {
    /// The path at which the database would be.
    let path: String

    /// Whether the files in the folder show that it was used only by servers whose data is in PostgreSQL.
    var isElsewhere: Bool { FileKind(path) != .file && OwnerLock.hasOwnersWithoutDatabase(path) }

    /// - Parameter takesPostgres: whether the command also works on a database in PostgreSQL.
    func failure(takesPostgres: Bool) -> StartFailure {
        let flag = SettingDefinition.backendStoreURI.flag
        let absence = "There is no database at '\(path.printable(limit: 300))'"
        guard isElsewhere else {
            let other = takesPostgres ? ", or a database in PostgreSQL with \(flag)" : ""
            return StartFailure("\(absence). Name the folder of all data with --data-dir\(other).")
        }
        let advice =
            takesPostgres
            ? "Name that database as the server does: \(flag) postgresql://USER@HOST:PORT/DATABASE."
            : "This command works on SQLite files. \(StoreURI.adviceForPostgres)"
        return StartFailure("\(absence); a server whose data is in PostgreSQL has used this folder. \(advice)")
    }
}
