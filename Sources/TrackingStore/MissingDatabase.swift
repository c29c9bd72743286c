/// A store was kept here, and its database is gone.
package struct MissingDatabase: Error, CustomStringConvertible {
    /// Where the database was.
    package let path: String

    /// What is wrong, and what to do about it, for the person who starts the server.
    package var description: String {
        "\(path) is missing or empty, although runs were kept in it before. Put it back, or the newest "
            + "\(path).rescued-… under its name. If you removed or emptied it on purpose, remove it, \(path).lock and "
            + "\(path)-wal to begin with an empty store."
    }
}
