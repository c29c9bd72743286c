/// The database file is missing or empty, although the folder has held a store.
package struct MissingDatabase: Error, CustomStringConvertible {
    /// The path of the database.
    package let path: String

    /// Tells the person who starts the server what is wrong and what to do.
    package var description: String {
        "\(path) is missing or empty, although runs were kept in it before. Put it back, or the newest "
            + "\(path).rescued-… under its name. If you removed or emptied it on purpose, remove it, \(path).lock and "
            + "\(path)-wal to begin with an empty store."
    }
}
