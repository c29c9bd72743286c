internal import SQLite
internal import Tracking

/// A location that contains artifacts of an experiment.
package struct ArtifactPlace: Sendable {
    package enum Kind: Sendable {
        /// The experiment's own location. All artifacts in it belong to the experiment.
        case experiment
        /// The location of one run or logged model.
        case thing
        /// A folder with subfolders that are named by the ids of runs or logged models. Runs and models of other
        /// experiments may have subfolders too.
        case shared
    }

    package let experimentID: Int64
    package let location: String
    package let kind: Kind
}

/// A run or a logged model to which artifacts belong.
package struct ArtifactOwner: Sendable {
    package let experimentID: Int64
    package let isLoggedModel: Bool
    /// Where all its artifacts lie.
    package let location: String
}

/// These functions are for the server itself; they do not check permissions.
extension ReadSession {
    /// Returns a number that changes whenever the result of `artifactPlaces` changes.
    package func artifactPlaceVersion() throws -> Int64 {
        guard let version = try connection.firstInt64(of: "SELECT version FROM artifact_place_version") else {
            throw StoreCorruption("the version of the artifact places is missing")
        }
        return version
    }

    /// Returns the locations of all experiments, and the locations of runs and logged models that are outside of their
    /// experiment's location.
    package func artifactPlaces() throws -> [ArtifactPlace] {
        try connection.query(
            """
            SELECT id, artifact_location, NULL FROM experiments
            UNION ALL
            SELECT experiment_id, location, holds_ids FROM artifact_places
            """
        ).map { row in
            let holdsIDs = row.optionalInt64(2)
            let kind: ArtifactPlace.Kind = holdsIDs == nil ? .experiment : holdsIDs == 0 ? .thing : .shared
            return ArtifactPlace(experimentID: row.int64(0), location: row.string(1), kind: kind)
        }
    }

    /// Returns the runs and logged models that have one of the ids, in the order of the ids.
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
