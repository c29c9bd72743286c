internal import SQLite
package import Tracking

extension ReadSession {
    package func artifactsInUse(excluding request: RemovalRequest, in folders: ArtifactFolders) throws -> ArtifactsInUse
    {
        try connection.artifactsInUse(excluding: request, in: folders)
    }

    package func removalPreview(
        _ request: RemovalRequest,
        keeping inUse: ArtifactsInUse
    ) throws -> (count: RemovalCount, owners: [PendingFolderRemoval]) {
        try connection.removalPreview(request, keeping: inUse)
    }

    /// The objects in the table of removals whose rows have been removed, but not yet their artifact folders.
    ///
    /// - Parameter skipping: the number of objects to leave out at the start.
    package func removedOwners(limit: Int, skipping: Int) throws -> [PendingFolderRemoval] {
        try connection.query(
            """
            SELECT id, kind, owner, location
            FROM removals
            WHERE is_without_rows = 1
            ORDER BY kind, id
            LIMIT ?1 OFFSET ?2
            """,
            values: [limit, skipping]
        ).map { row in
            let kind = RemovalKind(rawValue: row.int64(1)) ?? .run
            return PendingFolderRemoval(kind, row.string(2), at: row.string(3), row: row.int64(0))
        }
    }

    /// Whether the table of removals contains any object.
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
