internal import CPostgreSQL

/// The system's libpq, which is loaded at its first use.
package enum PostgresLibrary {
    /// Loads libpq if it is not loaded yet.
    ///
    /// - Throws: `PostgresError` with the state `.noLibrary`.
    package static func load() throws(PostgresError) {
        if let reason = apus_load_libpq() {
            throw PostgresError(.noLibrary, "PostgreSQL needs libpq, which cannot be loaded: \(String(cString: reason))")
        }
    }
}
