internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    @discardableResult
    package func add(_ event: ArtifactEvent) throws -> [StoredChange] {
        try connection.run(
            """
            INSERT INTO artifact_journal (time, kind, path, run_id, bytes, duration, is_shared, sha256)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            values: [
                currentMilliseconds(), event.kind.rawValue, event.path,
                try event.runID.flatMap { try storedRun($0, for: .update)?.id }, event.bytes, event.microseconds,
                event.isShared ? 1 : 0, event.sha256,
            ]
        )
        return try countStored(event)
    }
}

extension [UInt8]: Bindable {
    func bind(to statement: Statement, at position: Int) throws { try statement.bind(self, at: position) }
}
