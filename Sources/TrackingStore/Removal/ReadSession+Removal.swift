internal import SQLite
package import Tracking

extension ReadSession {
    /// The artifacts of all runs, logged models and model versions that a request does not remove.
    ///
    /// The cost is that of reading all runs, logged models and model versions.
    package func artifactsInUse(besides request: RemovalRequest, in folders: ArtifactFolders) throws -> ArtifactsInUse {
        try connection.artifactsInUse(besides: request, in: folders)
    }

    /// What a request would remove: the numbers, except those of files, and each object with the folder of its artifacts.
    ///
    /// The cost is that of reading all deleted objects, and the whole list is in memory.
    /// - Throws: the errors of `WriteSession.beginRemoval`.
    package func removalPreview(
        _ request: RemovalRequest,
        keeping inUse: ArtifactsInUse
    ) throws -> (count: RemovalCount, owners: [PendingFolderRemoval]) {
        var preview = Preview(connection: connection)
        if request.isForAllDeleted {
            var position: RemovalPosition? = .start
            while let from = position {
                let part = try connection.deletedCandidates(from, limit: 1_000, request, inUse)
                for candidate in part.candidates {
                    if let obstacle = candidate.obstacle(deletedBefore: request.deletedBefore) {
                        preview.count.count(candidate, keptBy: obstacle)
                    } else {
                        try preview.add(candidate)
                    }
                }
                position = part.next
            }
        } else {
            for candidate in try connection.namedCandidates(request, inUse) { try preview.add(candidate) }
        }
        return (preview.count, preview.owners)
    }

    /// The objects on the list of removals whose rows are removed, and whose folders of artifacts are not yet.
    ///
    /// - Parameter skipping: the number of objects at the start of the list to leave out.
    package func removedOwners(limit: Int, skipping: Int) throws -> [PendingFolderRemoval] {
        try connection.query(
            """
            SELECT id, kind, owner, location
            FROM removals
            WHERE is_without_rows = 1
            ORDER BY kind, id
            LIMIT ?1 OFFSET ?2
            """,
            limit,
            skipping
        ).map { row in
            PendingFolderRemoval(
                row: row.int64(0),
                kind: RemovalKind(rawValue: row.int64(1)) ?? .run,
                id: row.string(2),
                location: row.string(3)
            )
        }
    }

    /// Whether the list of removals has any object.
    package func hasRemovals() throws -> Bool {
        try connection.query("SELECT 1 FROM removals LIMIT 1").firstRow { _ in true } ?? false
    }

    /// Whether an object of this kind with this id exists, active or deleted.
    package func exists(_ kind: RemovalKind, _ id: String) throws -> Bool {
        let sql =
            switch kind {
            case .run: "SELECT 1 FROM runs WHERE run_id = ?1"
            case .loggedModel: "SELECT 1 FROM logged_models WHERE model_id = ?1"
            case .experiment: "SELECT 1 FROM experiments WHERE id = ?1"
            }
        return try connection.query(sql, id).firstRow { _ in true } ?? false
    }
}

/// Adds up what would be removed.
///
/// A run counts once, even if the request names both the run and its experiment.
private struct Preview {
    let connection: Connection
    var count = RemovalCount()
    var owners: [PendingFolderRemoval] = []
    private var seen: Set<String> = []

    init(connection: Connection) {
        self.connection = connection
    }

    mutating func add(_ candidate: RemovalCandidate) throws {
        guard seen.insert("\(candidate.kind) \(candidate.id)").inserted else { return }
        count.count(candidate.kind)
        owners.append(
            PendingFolderRemoval(row: 0, kind: candidate.kind, id: candidate.id, location: candidate.location)
        )
        switch candidate.kind {
        case .run:
            count.points +=
                try connection.query(
                    """
                    SELECT total(point_count)
                    FROM latest_metrics
                    WHERE run_id = (SELECT id FROM runs WHERE run_id = ?1)
                    """,
                    candidate.id
                ).firstRow { $0.int64(0) } ?? 0
        case .loggedModel: return
        case .experiment:
            for (kind, sql) in Self.ofExperiment {
                let ids = try connection.query(sql, candidate.id).map { ($0.string(0), $0.string(1)) }
                for (id, location) in ids {
                    let part = RemovalCandidate(kind: kind, id: id, location: location, stage: .deleted, deletedTime: 0)
                    try add(part)
                }
            }
        }
    }

    private static let ofExperiment: [(RemovalKind, String)] = [
        (.run, "SELECT run_id, artifact_uri FROM runs WHERE experiment_id = ?1"),
        (.loggedModel, "SELECT model_id, artifact_uri FROM logged_models WHERE experiment_id = ?1"),
    ]
}
