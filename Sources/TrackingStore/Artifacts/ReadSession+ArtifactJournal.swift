internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    package func findArtifactEvents(_ query: ArtifactJournalQuery) throws -> SearchCursor<ArtifactJournalEntry> {
        try find(query).cursor
    }

    package func journalEntryCount(before time: Int64) throws -> Int64 {
        try connection.query("SELECT count(*) FROM artifact_journal WHERE time < ?1", time)
            .firstRow { $0.int64(0) } ?? 0
    }

    /// Returns up to 8 paths to which content with this hash was uploaded, the latest first.
    ///
    /// The files at these paths may have been deleted or replaced since then.
    package func artifactPaths(sha256: [UInt8]) throws -> [String] {
        let select = try connection.query(
            "SELECT path FROM artifact_journal WHERE sha256 = ?1 ORDER BY id DESC LIMIT 64",
            sha256
        )
        var paths: [String] = []
        try select.forEachRow { row in
            let path = row.string(0)
            if paths.count < 8, !paths.contains(where: { $0.isExactly(path) }) { paths.append(path) }
        }
        return paths
    }
}

extension ArtifactJournalQuery: SearchDescription {
    static let table = "artifact_journal"

    func statement(by accessPath: AccessPath, in session: ReadSession) throws -> SearchStatement {
        var statement = SearchStatement(rowColumn: "id", source: "artifact_journal")
        // Events without a run are left out, because they may belong to an experiment that the client may not read.
        if let condition = scope?.condition("experiment_id", in: &statement) {
            statement.conditions.append("run_id IN (SELECT id FROM runs WHERE \(condition))")
        }
        if let runID {
            statement.conditions.append("run_id = (SELECT id FROM runs WHERE run_id = \(statement.bind(runID)))")
        }
        if let path {
            let paths = ArtifactJournalQuery.pathAndParents(of: path).map { statement.bind($0) }
            statement.conditions.append("path IN (\(paths.joined(separator: ", ")))")
        }
        if let since { statement.conditions.append("time >= \(statement.bind(since))") }
        if statement.conditions.isEmpty { statement.conditions.append("TRUE") }
        statement.terms = [SortTerm("time", ascending: false, .integer), SortTerm("id", ascending: false, .integer)]
        return statement
    }

    static func entities(rows: [Int64], in session: ReadSession) throws -> [ArtifactJournalEntry] {
        try session.connection.query(
            """
            SELECT journal.id, journal.time, journal.kind, journal.path, runs.run_id, journal.bytes, journal.duration,
                journal.is_shared, journal.sha256
            FROM json_each(?1) AS page
            CROSS JOIN artifact_journal AS journal ON journal.id = page.value
            LEFT JOIN runs ON runs.id = journal.run_id
            ORDER BY page.id
            """,
            jsonArray(rows)
        )
        .map { row in
            var entry = ArtifactJournalEntry(row: row)
            // `isShared` reveals that an equal file was already stored, perhaps in an experiment that the client may not read.
            if session.permissions != nil { entry.event.isShared = false }
            return entry
        }
    }
}

extension ArtifactJournalEntry {
    fileprivate init(row: Statement) {
        var event = ArtifactEvent(
            kind: ArtifactEvent.Kind(rawValue: row.int64(2)) ?? .upload,
            path: row.string(3),
            runID: row.optionalString(4),
            bytes: row.int64(5),
            microseconds: row.int64(6)
        )
        event.isShared = row.bool(7)
        event.sha256 = row.isNull(8) ? nil : row.bytes(8)
        self.init(time: row.int64(1), event: event)
    }
}
