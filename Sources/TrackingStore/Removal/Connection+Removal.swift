package import SQLite
package import Tracking

extension Connection: RemovalTables {
    package func removalCandidates(_ kind: RemovalKind, ids: [String]) throws -> [RemovalCandidate] {
        try ids.compactMap { id in
            try query("\(Self.selectAll(kind)) WHERE object.\(Self.idColumn(kind)) = ?1", id)
                .firstRow { Self.candidate(kind, $0) }
        }
    }

    package func deletedObjects(
        after position: RemovalPosition,
        limit: Int
    ) throws -> [(candidate: RemovalCandidate, key: String)] {
        let kind = position.kind
        // The position before the first row is -1, because the Default experiment has the id 0.
        return try query(
            "\(Self.selectDeleted(kind)) AND object.id > ?1 ORDER BY object.id LIMIT ?2",
            values: [Int64(position.last) ?? -1, limit]
        ).map { (candidate: Self.candidate(kind, $0), key: String($0.int64(4))) }
    }

    package func hasRunsToKeep(inExperiment id: String, deletedBefore limit: Int64?) throws -> Bool {
        try query(
            """
            SELECT 1 FROM runs
            WHERE experiment_id = ?1 AND (lifecycle_stage = 0
                OR deleted_time > ?2 OR ?2 IS NOT NULL AND coalesce(deleted_time, 0) <= 0)
            LIMIT 1
            """,
            values: [id, limit]
        ).firstRow { _ in true } ?? false
    }

    package func contents(ofExperiment id: String) throws -> [PendingFolderRemoval] {
        try query(
            """
            SELECT 0, run_id, artifact_uri FROM runs WHERE experiment_id = ?1
            UNION ALL
            SELECT 1, model_id, artifact_uri FROM logged_models WHERE experiment_id = ?1
            """,
            id
        ).map { PendingFolderRemoval(RemovalKind(rawValue: $0.int64(0)) ?? .run, $0.string(1), at: $0.string(2)) }
    }

    package func pointCount(ofRun id: String) throws -> Int64 {
        try query(
            "SELECT total(point_count) FROM latest_metrics WHERE run_id = (SELECT id FROM runs WHERE run_id = ?1)",
            id
        ).firstRow { $0.int64(0) } ?? 0
    }

    package func forEachOwner(_ kind: RemovalKind, _ body: (RemovalCandidate, Int64) throws -> Void) throws {
        try query(Self.selectAll(kind)).forEachRow { try body(Self.candidate(kind, $0), $0.int64(5)) }
    }

    package func forEachActiveExperiment(_ body: (Int64, String) throws -> Void) throws {
        try prepare("SELECT id, artifact_location FROM experiments WHERE lifecycle_stage = 0")
            .forEachRow { try body($0.int64(0), $0.string(1)) }
    }

    package func forEachVersion(_ body: (Int64, String, Set<String>) throws -> Void) throws {
        try prepare("SELECT version, name, source, storage_location FROM model_versions WHERE is_prompt = 0")
            .forEachRow { row in
                try body(row.int64(0), row.string(1), [row.string(2), row.optionalString(3) ?? row.string(2)])
            }
    }

    package func versionsMark() throws -> String {
        // The remainders keep the sum from leaving the range of integers.
        try prepare(
            """
            SELECT count(*) || ' ' || coalesce(max(id), 0) || ' ' || coalesce(sum(creation_time % 1000000007), 0)
            FROM model_versions
            """
        ).firstRow { $0.string(0) } ?? ""
    }

    private static func candidate(_ kind: RemovalKind, _ row: Statement) -> RemovalCandidate {
        RemovalCandidate(
            kind: kind,
            id: row.string(0),
            location: row.string(1),
            stage: LifecycleStage(storedValue: row.int64(2)),
            deletedTime: row.int64(3)
        )
    }

    private static func selectDeleted(_ kind: RemovalKind) -> String {
        """
        \(selectAll(kind))
        WHERE object.lifecycle_stage = 1 AND NOT EXISTS (
            SELECT 1 FROM removals
            WHERE removals.kind = \(kind.rawValue) AND removals.owner = CAST(object.\(idColumn(kind)) AS TEXT))
        """
    }

    private static func selectAll(_ kind: RemovalKind) -> String {
        switch kind {
        case .run:
            """
            SELECT object.run_id, object.artifact_uri, object.lifecycle_stage, coalesce(object.deleted_time, 0), object.id,
                object.experiment_id
            FROM runs AS object
            """
        case .loggedModel:
            """
            SELECT object.model_id, object.artifact_uri, object.lifecycle_stage, object.last_updated_time, object.id,
                object.experiment_id
            FROM logged_models AS object
            """
        case .experiment:
            """
            SELECT object.id, object.artifact_location, object.lifecycle_stage, object.last_update_time, object.id, object.id
            FROM experiments AS object
            """
        }
    }

    private static func idColumn(_ kind: RemovalKind) -> String {
        switch kind {
        case .run: "run_id"
        case .loggedModel: "model_id"
        case .experiment: "id"
        }
    }
}
