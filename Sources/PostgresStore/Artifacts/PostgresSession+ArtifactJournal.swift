internal import Filter
internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    @discardableResult
    package func add(_ event: ArtifactEvent) throws -> [StoredChange] {
        guard hasAccessTables else { throw TrackingError.withoutOwnTables }
        try change(
            """
            INSERT INTO apus.artifact_journal (time, kind, path, run_uuid, bytes, duration)
            VALUES ($1, $2, $3, (SELECT run_uuid FROM runs WHERE run_uuid = $4), $5, $6)
            """,
            currentMilliseconds(),
            event.kind.rawValue,
            event.path,
            event.runID,
            event.bytes,
            event.microseconds
        )
        return try countStored(event)
    }

    package func trimArtifactJournal(before time: Int64, limit: Int) throws -> Int {
        guard hasAccessTables else { return 0 }
        let deletion = """
            DELETE FROM apus.artifact_journal
            WHERE id IN (SELECT id FROM apus.artifact_journal WHERE time < $1 ORDER BY time, id LIMIT $2)
            """
        return try changed(deletion, time, limit).affectedCount
    }
}

extension PostgresReadSession {
    package func findArtifactEvents(_ query: ArtifactJournalQuery) throws -> SearchCursor<ArtifactJournalEntry> {
        guard hasAccessTables else { throw TrackingError.withoutOwnTables }
        return try find(query).cursor
    }

    package func journalEntryCount(before time: Int64) throws -> Int64 {
        guard hasAccessTables else { return 0 }
        return try rows("SELECT count(*) FROM apus.artifact_journal WHERE time < $1", time).first { $0.int64(0) } ?? 0
    }
}

extension ArtifactJournalQuery: SearchDescription {
    var filter: [Comparison] { [] }
    var requestedSortKeyCount: Int { 0 }

    func statement() throws -> SearchStatement {
        var statement = SearchStatement(keyColumns: ["journal.id"], source: "apus.artifact_journal AS journal")
        // Events without a run are left out, because they may belong to an experiment that the client may not read.
        if let condition = scope?.condition("experiment_id", in: &statement) {
            statement.conditions.append("journal.run_uuid IN (SELECT run_uuid FROM runs WHERE \(condition))")
        }
        if let runID {
            let id = statement.bind(runID)
            statement.conditions.append("journal.run_uuid = (SELECT run_uuid FROM runs WHERE run_uuid = \(id))")
        }
        if let path {
            let paths = statement.bind(ArtifactJournalQuery.pathAndParents(of: path))
            statement.conditions.append("journal.path = ANY(\(paths))")
        }
        if let since { statement.conditions.append("journal.time >= \(statement.bind(since))") }
        if statement.conditions.isEmpty { statement.conditions.append("TRUE") }
        statement.terms = [
            SortTerm("journal.time", ascending: false, .integer), SortTerm("journal.id", ascending: false, .integer),
        ]
        return statement
    }

    static func key(_ row: PostgresRow) -> Int64 { row.int64(0) }

    static func entities(_ keys: [Int64], in session: PostgresReadSession) throws -> [ArtifactJournalEntry] {
        let query = """
            SELECT journal.time, journal.kind, journal.path, runs.run_uuid, journal.bytes, journal.duration
            FROM unnest($1::bigint[]) WITH ORDINALITY AS page (id, number)
            JOIN apus.artifact_journal AS journal ON journal.id = page.id
            LEFT JOIN runs ON runs.run_uuid = journal.run_uuid
            ORDER BY page.number
            """
        return try session.rows(query, keys).map { row in
            let event = ArtifactEvent(
                kind: ArtifactEvent.Kind(rawValue: row.int64(1)) ?? .upload,
                path: row.string(2),
                runID: row.optionalString(3),
                bytes: row.int64(4),
                microseconds: row.int64(5)
            )
            return ArtifactJournalEntry(time: row.int64(0), event: event)
        }
    }
}
