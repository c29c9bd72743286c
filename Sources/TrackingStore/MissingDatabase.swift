/// The database file is missing or empty, although it has contained runs before.
package struct MissingDatabase: Error, CustomStringConvertible {
    /// The path of the database.
    package let path: String

    /// A message for the person who starts the server: what is wrong and what to do.
    package var description: String {
        "\(path) is missing or empty, although it has contained runs before. Restore it from a backup, or rename the "
            + "newest \(path).rescued-… to \(path). To start with an empty store instead, delete those of the files "
            + "\(path), \(path).lock and \(path)-wal that exist."
    }
}
