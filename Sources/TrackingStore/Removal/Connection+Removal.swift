internal import SQLite
internal import Tracking

extension Connection {
    /// Returns deleted entities that are not yet in the table of removals.
    ///
    /// - Parameters:
    ///   - position: `start`, or the position that the last call returned.
    ///   - limit: the maximum number of rows to read.
    /// - Returns: the candidates, and the position for the next call; the position is nil at the end.
    func deletedCandidates(
        _ position: RemovalPosition,
        limit: Int,
        _ request: RemovalRequest,
        _ inUse: ArtifactsInUse
    ) throws -> (candidates: [RemovalCandidate], next: RemovalPosition?) {
        let kind = position.kind
        let select = try query(
            "\(Self.selectDeleted(kind)) AND thing.id > ?1 ORDER BY thing.id LIMIT ?2",
            position.row,
            limit
        )
        var next = position.next
        var found: [RemovalCandidate] = []
        try select.forEachRow { row in
            next = RemovalPosition(kind: kind, row: row.int64(4))
            found.append(Self.candidate(kind, row))
        }
        return (try addingObstacles(to: found, request, inUse), next)
    }

    /// Returns the entities that a request names, provided that all of them may be removed.
    ///
    /// - Throws: `.resourceDoesNotExist` for an unknown id; `.invalidParameterValue` for an entity that must be kept.
    func namedCandidates(_ request: RemovalRequest, _ inUse: ArtifactsInUse) throws -> [RemovalCandidate] {
        var found: [RemovalCandidate] = []
        for (kind, ids) in request.namedIDs {
            for id in ids {
                let select = try query("\(Self.selectAll(kind)) WHERE thing.\(Self.idColumn(kind)) = ?1", id)
                guard let candidate = try select.firstRow({ Self.candidate(kind, $0) }) else {
                    throw TrackingError.doesNotExist(
                        "There is no \(kind.noun) \(shortened(id)): it never existed or was already removed permanently."
                    )
                }
                found.append(candidate)
            }
        }
        found = try addingObstacles(to: found, request, inUse)
        for candidate in found {
            guard let obstacle = candidate.obstacle(deletedBefore: request.deletedBefore) else { continue }
            throw obstacle.refusal(candidate.kind, candidate.id)
        }
        return found
    }

    /// Returns the candidates with what may prevent their removal: dependents of their artifacts, and runs of an experiment
    /// that must be kept.
    private func addingObstacles(
        to found: [RemovalCandidate],
        _ request: RemovalRequest,
        _ inUse: ArtifactsInUse
    ) throws -> [RemovalCandidate] {
        var found = found
        for index in found.indices {
            let candidate = found[index]
            guard candidate.kind == .experiment else {
                found[index].dependent = inUse.dependent(on: candidate.id, at: candidate.location)
                continue
            }
            found[index].dependent = try dependent(onExperiment: candidate.id, inUse)
            found[index].hasRunsToKeep =
                try query(
                    """
                    SELECT 1 FROM runs
                    WHERE experiment_id = ?1 AND (lifecycle_stage = 0
                        OR deleted_time > ?2 OR ?2 IS NOT NULL AND coalesce(deleted_time, 0) <= 0)
                    LIMIT 1
                    """,
                    candidate.id,
                    request.deletedBefore
                ).firstRow { _ in true } ?? false
        }
        return found
    }

    /// Returns a run, model or version outside of an experiment that uses artifacts of the experiment, or else nil.
    private func dependent(onExperiment id: String, _ inUse: ArtifactsInUse) throws -> ArtifactsInUse.Dependent? {
        var dependent: ArtifactsInUse.Dependent?
        try query(
            """
            SELECT run_id, artifact_uri FROM runs WHERE experiment_id = ?1
            UNION ALL
            SELECT model_id, artifact_uri FROM logged_models WHERE experiment_id = ?1
            """,
            id
        ).forEachRow { row in
            dependent = dependent ?? inUse.dependent(on: row.string(0), at: row.string(1), besides: Int64(id))
        }
        return dependent
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
        WHERE thing.lifecycle_stage = 1 AND NOT EXISTS (
            SELECT 1 FROM removals
            WHERE removals.kind = \(kind.rawValue) AND removals.owner = CAST(thing.\(idColumn(kind)) AS TEXT))
        """
    }

    private static func selectAll(_ kind: RemovalKind) -> String {
        switch kind {
        case .run:
            """
            SELECT thing.run_id, thing.artifact_uri, thing.lifecycle_stage, coalesce(thing.deleted_time, 0), thing.id
            FROM runs AS thing
            """
        case .loggedModel:
            """
            SELECT thing.model_id, thing.artifact_uri, thing.lifecycle_stage, thing.last_updated_time, thing.id
            FROM logged_models AS thing
            """
        case .experiment:
            """
            SELECT thing.id, thing.artifact_location, thing.lifecycle_stage, thing.last_update_time, thing.id
            FROM experiments AS thing
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
