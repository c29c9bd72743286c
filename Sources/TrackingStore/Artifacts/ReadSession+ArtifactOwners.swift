internal import SQLite
package import Tracking

extension ReadSession {
    package func experimentArtifactLocationVersion() throws -> Int64 {
        guard let version = try connection.firstInt64(of: "SELECT version FROM artifact_place_version") else {
            throw StoreCorruption("the table artifact_place_version has no row")
        }
        return version
    }

    package func experimentArtifactLocations() throws -> [ExperimentArtifactLocation] {
        try connection.query(
            """
            SELECT id, artifact_location, NULL FROM experiments
            UNION ALL
            SELECT experiment_id, location, holds_ids FROM artifact_places
            """
        ).map { row in
            let holdsIDs = row.optionalInt64(2).map { $0 != 0 }
            return ExperimentArtifactLocation(experimentID: row.int64(0), location: row.string(1), holdsIDs: holdsIDs)
        }
    }

    package func artifactOwners(among ids: [String]) throws -> [ArtifactOwner] {
        var found: [ArtifactOwner] = []
        for id in ids {
            try connection.query(
                """
                SELECT experiment_id, 0, artifact_uri FROM runs WHERE run_id = ?1
                UNION ALL
                SELECT experiment_id, 1, artifact_uri FROM logged_models WHERE model_id = ?1
                """,
                id
            ).forEachRow { row in
                found.append(
                    ArtifactOwner(experimentID: row.int64(0), isLoggedModel: row.bool(1), location: row.string(2))
                )
            }
        }
        return found
    }
}
