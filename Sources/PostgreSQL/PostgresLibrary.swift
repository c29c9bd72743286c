internal import CPostgreSQL

/// The system's libpq, which is loaded at its first use.
package enum PostgresLibrary {
    /// Loads libpq if it is not loaded yet.
    ///
    /// - Throws: `PostgresError` with the state `.noLibrary`.
    package static func load() throws(PostgresError) {
        if let reason = apus_load_libpq() {
            let message = "libpq, which PostgreSQL needs, cannot be loaded: \(String(cString: reason))"
            throw PostgresError(.noLibrary, message)
        }
    }
}
