internal import SQLite
package import Tracking

extension ReadSession {
    /// One page of the journal, newest first; empty for an unknown run or path.
    ///
    /// By time or run it costs what the page holds; by path, one look at each event of that path.
    /// - Throws: `.invalidParameterValue` for a page token that is none or belongs to another query.
    package func artifactJournal(_ query: ArtifactJournalQuery) throws -> ArtifactJournalPage {
        let digest = query.digest
        let start = try PageToken.parse(query.pageToken, digest: digest, termCount: 2)
        let statement = try journalStatement(query, start)
        defer { statement.reset() }
        var entries: [ArtifactJournalEntry] = []
        var last: [SortValue] = []
        while try statement.step() {
            if entries.count == query.maxResults {
                return ArtifactJournalPage(
                    entries: entries,
                    nextPageToken: PageToken.make(after: last, digest: digest)
                )
            }
            entries.append(ArtifactJournalEntry(row: statement))
            last = [.integer(statement.int64(1)), .integer(statement.int64(0))]
        }
        return ArtifactJournalPage(entries: entries, nextPageToken: nil)
    }

    private func journalStatement(_ query: ArtifactJournalQuery, _ start: PageStart) throws -> Statement {
        var conditions: [String] = []
        var values: [any Bindable] = []
        if let runID = query.runID {
            conditions.append("journal.run_id = (SELECT id FROM runs WHERE run_id = ?)")
            values.append(runID)
        }
        if let path = query.path {
            let paths = Self.withFoldersAbove(path)
            conditions.append("journal.path IN (\(paths.map { _ in "?" }.joined(separator: ", ")))")
            values += paths.map { $0 as any Bindable }
        }
        if let since = query.since {
            conditions.append("journal.time >= ?")
            values.append(since)
        }
        var tail = "LIMIT ?"
        switch start {
        case .beginning: values.append(query.maxResults + 1)
        case .after(let last):
            conditions.append("(journal.time, journal.id) < (?, ?)")
            values += last.map { $0 as any Bindable }
            values.append(query.maxResults + 1)
        case .offset(let offset):
            tail += " OFFSET ?"
            values += [query.maxResults + 1, offset] as [any Bindable]
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        return try connection.query(
            """
            SELECT journal.id, time, kind, path, runs.run_id, bytes, duration, is_shared, sha256
            FROM artifact_journal AS journal LEFT JOIN runs ON runs.id = journal.run_id
            \(filter)
            ORDER BY journal.time DESC, journal.id DESC
            \(tail)
            """,
            values: values
        )
    }

    private static func withFoldersAbove(_ path: String) -> [String] {
        let segments = path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
        return (0..<segments.count).map { segments[...$0].joined(separator: "/") }
    }

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

extension ArtifactJournalQuery {
    /// Tells the page tokens of different queries apart.
    fileprivate var digest: UInt64 {
        var digest = QueryDigest()
        digest.add("artifact journal")
        for part in [runID, path, since.map { "\($0)" }] {
            digest.add(part == nil ? "any" : "one")
            digest.add(part ?? "")
        }
        return digest.value
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
