internal import PostgreSQL
package import Tracking

extension PostgresReadSession: RemovalTables {}

extension PostgresSession {
    package func removalCandidates(_ kind: RemovalKind, ids: [String]) throws -> [RemovalCandidate] {
        let query = "\(kind.selection) WHERE \(kind.id) = ANY($1)"
        return try rows(query, ids.filter { !$0.utf8.contains(0) }).map { RemovalCandidate(kind, $0) }
    }

    package func deletedObjects(
        after position: RemovalPosition,
        limit: Int
    ) throws -> [(candidate: RemovalCandidate, key: String)] {
        let kind = position.kind
        // Experiments are in the order of their numbers.
        let key = kind == .experiment ? "experiments.experiment_id" : "\(kind.id) COLLATE \"C\""
        let last: any PostgresParameter = kind == .experiment ? Int64(position.last) ?? -1 : position.last
        let query = """
            \(kind.selection)
            WHERE lifecycle_stage = 'deleted' AND \(key) > $1::\(kind == .experiment ? "bigint" : "text") ORDER BY \(key) LIMIT $2
            """
        return try rows(query, last, limit).map { (candidate: RemovalCandidate(kind, $0), key: $0.string(0)) }
    }

    package func hasRunsToKeep(inExperiment id: String, deletedBefore limit: Int64?) throws -> Bool {
        let query = """
            SELECT 1 FROM runs
            WHERE experiment_id = $1::bigint AND (lifecycle_stage IS DISTINCT FROM 'deleted'
                OR deleted_time > $2::bigint OR $2::bigint IS NOT NULL AND coalesce(deleted_time, 0) <= 0)
            LIMIT 1
            """
        return try rows(query, Int64(id) ?? -1, limit).count > 0
    }

    package func contents(ofExperiment id: String) throws -> [PendingFolderRemoval] {
        try rows(
            """
            SELECT 0 AS kind, run_uuid AS id, coalesce(artifact_uri, '') FROM runs WHERE experiment_id = $1::bigint
            UNION ALL
            SELECT 1, model_id, artifact_location FROM logged_models WHERE experiment_id = $1::bigint
            ORDER BY kind, id
            """,
            Int64(id) ?? -1
        ).map { PendingFolderRemoval(RemovalKind(rawValue: $0.int64(0)) ?? .run, $0.string(1), at: $0.string(2)) }
    }

    package func pointCount(ofRun id: String) throws -> Int64 {
        try rows("SELECT count(*) FROM metrics WHERE run_uuid = $1", id).first { $0.int64(0) } ?? 0
    }

    package func forEachOwner(_ kind: RemovalKind, _ body: (RemovalCandidate, Int64) throws -> Void) throws {
        try rows(kind.selection).forEach { try body(RemovalCandidate(kind, $0), $0.int64(4)) }
    }

    package func forEachActiveExperiment(_ body: (Int64, String) throws -> Void) throws {
        try rows(
            "SELECT experiment_id, coalesce(artifact_location, '') FROM experiments WHERE lifecycle_stage IS DISTINCT FROM 'deleted'"
        ).forEach { try body($0.int64(0), $0.string(1)) }
    }

    package func forEachVersion(_ body: (Int64, String, Set<String>) throws -> Void) throws {
        let query = """
            SELECT version.version, version.name, coalesce(version.source, ''), coalesce(version.storage_location, version.source, '')
            FROM model_versions AS version
            WHERE \(ModelVersion.isNotDeleted("version")) AND NOT EXISTS (
                SELECT FROM model_version_tags AS tag
                WHERE tag.workspace = version.workspace AND tag.name = version.name AND tag.version = version.version
                    AND tag.key = '\(Tag.isPromptKey)' AND tag.value = 'true')
            """
        return try rows(query).forEach { try body($0.int64(0), $0.string(1), [$0.string(2), $0.string(3)]) }
    }

    package func versionsMark() throws -> String {
        let query = """
            SELECT count(*) || ' ' || coalesce(sum(hashtextextended(concat_ws('/', name, version, creation_time), 0)), 0)
            FROM model_versions AS version WHERE \(ModelVersion.isNotDeleted("version"))
            """
        return try rows(query).first { $0.string(0) } ?? ""
    }
}

extension RemovalKind {
    /// The column with the id.
    var id: String {
        switch self {
        case .run: "run_uuid"
        case .loggedModel: "model_id"
        case .experiment: "experiment_id::text"
        }
    }

    var table: String {
        switch self {
        case .run: "runs"
        case .loggedModel: "logged_models"
        case .experiment: "experiments"
        }
    }

    /// The SELECT with the columns for `RemovalCandidate.init`, and the id of the experiment.
    var selection: String {
        let columns =
            switch self {
            case .run: "run_uuid, coalesce(artifact_uri, ''), lifecycle_stage, coalesce(deleted_time, 0), experiment_id"
            case .loggedModel: "model_id, artifact_location, lifecycle_stage, last_updated_timestamp_ms, experiment_id"
            case .experiment:
                "experiment_id::text, coalesce(artifact_location, ''), lifecycle_stage, coalesce(last_update_time, 0), experiment_id"
            }
        return "SELECT \(columns) FROM \(table)"
    }
}

extension RemovalCandidate {
    init(_ kind: RemovalKind, _ row: PostgresRow) {
        self.init(
            kind: kind,
            id: row.string(0),
            location: row.string(1),
            stage: LifecycleStage(wireName: row.string(2)) ?? .active,
            deletedTime: row.int64(3)
        )
    }
}
