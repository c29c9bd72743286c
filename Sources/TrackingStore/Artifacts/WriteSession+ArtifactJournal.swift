internal import SQLite
internal import Tracking

extension WriteSession {
    /// Journals an event under the present time.
    ///
    /// A run id that nobody made is left out: the path alone may suggest one.
    package func add(_ event: ArtifactEvent) throws {
        try connection.run(
            """
            INSERT INTO artifact_journal (time, kind, path, run_id, bytes, duration, is_shared, sha256)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            currentMilliseconds(),
            event.kind.rawValue,
            event.path,
            try event.runID.flatMap { try knownRunRow($0) },
            event.bytes,
            event.microseconds,
            event.isShared ? 1 : 0,
            event.sha256
        )
    }

    private func knownRunRow(_ runID: String) throws -> Int64? {
        do {
            return try runRow(runID).id
        } catch is TrackingError {
            return nil
        }
    }
}

extension [UInt8]: Bindable {
    func bind(to statement: Statement, at position: Int) throws { try statement.bind(self, at: position) }
}
