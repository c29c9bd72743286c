internal import SQLite
internal import Tracking

extension Connection {
    /// Collects the artifact locations of all runs, models and versions that a removal request does not remove.
    func artifactsInUse(besides request: RemovalRequest, in folders: ArtifactFolders) throws -> ArtifactsInUse {
        var inUse = ArtifactsInUse(in: folders)
        let experiments = Set(request.experimentIDs ?? [])
        for (kind, sql) in Self.owners {
            let named = Set((kind == .run ? request.runIDs : request.loggedModelIDs) ?? [])
            try prepare(sql).forEachRow { row in
                let (id, experimentID) = (row.string(0), row.int64(1))
                let isLeft =
                    request.isForAllDeleted
                    ? request.keeps(LifecycleStage(storedValue: row.int64(3)), deletedTime: row.int64(4))
                    : !named.contains(id) && !experiments.contains(experimentID)
                guard isLeft, let location = try artifactLocation(row.string(2)) else { return }
                inUse.add(ArtifactsInUse.Dependent(.thing(kind, id: id), experimentID: experimentID), at: location)
            }
        }
        try prepare("SELECT id, artifact_location FROM experiments WHERE lifecycle_stage = 0").forEachRow { row in
            inUse.add(experiment: row.int64(0), at: row.string(1))
        }
        try prepare("SELECT version, name, source, storage_location FROM model_versions WHERE is_prompt = 0")
            .forEachRow { row in
                let user = ArtifactsInUse.Dependent(.version(row.int64(0), ofModel: row.string(1)))
                for location in Set([row.string(2), row.optionalString(3) ?? row.string(2)]) {
                    if let location = try artifactLocation(location) { inUse.add(user, at: location) }
                }
            }
        return inUse
    }

    /// Returns the location that a `runs:` or `models:` location refers to, and any other location unchanged.
    ///
    /// Returns nil if the run or logged model does not exist.
    func artifactLocation(_ location: String) throws -> String? {
        guard let owner = ArtifactFolders.owner(in: location) else { return location }
        let sql =
            owner.kind == .run
            ? "SELECT artifact_uri FROM runs WHERE run_id = ?1"
            : "SELECT artifact_uri FROM logged_models WHERE model_id = ?1"
        return try query(sql, owner.id).firstRow { ArtifactLocation($0.string(0)).appending(owner.path).uri }
    }

    private static let owners: [(kind: RemovalKind, sql: String)] = [
        (.run, "SELECT run_id, experiment_id, artifact_uri, lifecycle_stage, coalesce(deleted_time, 0) FROM runs"),
        (
            .loggedModel,
            "SELECT model_id, experiment_id, artifact_uri, lifecycle_stage, last_updated_time FROM logged_models"
        ),
    ]
}
