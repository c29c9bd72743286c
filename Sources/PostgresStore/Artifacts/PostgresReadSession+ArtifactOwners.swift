internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func experimentArtifactLocationVersion() throws -> Int64 {
        // This number must change when `experimentArtifactLocations` may have changed. Other programs add runs without changing the
        // experiments, so the number also changes every 30 seconds.
        let query = """
            SELECT coalesce(
                ('x' || substr(md5(string_agg(experiment_id || ' ' || artifact_location, E'\\n' ORDER BY experiment_id)), 1, 16))
                    ::bit(64)::bigint,
                0
            ) # (extract(epoch FROM now())::bigint / 30)
            FROM experiments
            """
        return try rows(query).first { $0.int64(0) } ?? 0
    }

    package func experimentArtifactLocations() throws -> [ExperimentArtifactLocation] {
        let query = """
            SELECT experiment_id, artifact_location, NULL FROM experiments WHERE artifact_location IS NOT NULL
            UNION ALL
            SELECT DISTINCT entity.experiment_id,
                CASE WHEN right(entity.location, length(entity.tail)) = entity.tail
                    THEN left(entity.location, -length(entity.tail)) ELSE entity.location END,
                (right(entity.location, length(entity.tail)) = entity.tail)::integer
            FROM (
                SELECT experiment_id, artifact_uri AS location, '/' || run_uuid || '/artifacts' AS tail, '' AS above FROM runs
                UNION ALL
                SELECT experiment_id, artifact_location, '/' || model_id || '/artifacts', '/models' FROM logged_models
            ) AS entity
            JOIN experiments ON experiments.experiment_id = entity.experiment_id
            WHERE entity.location <> rtrim(experiments.artifact_location, '/') || entity.above || entity.tail
            """
        return try rows(query).map { row in
            let holdsIDs = row.optionalInt64(2).map { $0 != 0 }
            return ExperimentArtifactLocation(experimentID: row.int64(0), location: row.string(1), holdsIDs: holdsIDs)
        }
    }

    package func artifactOwners(among ids: [String]) throws -> [ArtifactOwner] {
        let query = """
            SELECT run.experiment_id, 0 AS kind, run.artifact_uri, wanted.number
            FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, number) JOIN runs AS run ON run.run_uuid = wanted.id
            UNION ALL
            SELECT model.experiment_id, 1, model.artifact_location, wanted.number
            FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, number)
            JOIN logged_models AS model ON model.model_id = wanted.id
            ORDER BY number, kind
            """
        return try rows(query, ids.filter { !$0.utf8.contains(0) }).map { row in
            ArtifactOwner(experimentID: row.int64(0), isLoggedModel: row.bool(1), location: row.string(2))
        }
    }
}
