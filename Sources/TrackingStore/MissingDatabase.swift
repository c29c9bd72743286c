/// The database file is missing or empty, although the folder has held a store.
package struct MissingDatabase: Error, CustomStringConvertible {
    /// The path of the database.
    package let path: String

    /// Tells the person who starts the server what is wrong and what to do.
    package var description: String {
        "\(path) is missing or empty, although runs were kept in it before. Restore it, or rename the newest "
            + "\(path).rescued-… to \(path). If you deleted or emptied it on purpose, delete it, \(path).lock and "
            + "\(path)-wal to start with an empty store."
    }
}
