internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession: RecordTaking {
    package var greatestExperimentID: Int64 { Int64(Int32.max) }

    package func experimentToChange(_ id: Int64) throws -> Experiment { try knownExperiment(id, for: .update) }

    package func experimentID(ofName name: String) -> Int64? { taken.experimentIDs[ExactText(name)] }

    package func creationTime(ofExperiment id: Int64) throws -> Int64? {
        try rows("SELECT creation_time FROM experiments WHERE experiment_id = $1::bigint", id).first { $0.int64(0) }
    }

    package func experimentHolder(ofID id: Int64) throws -> ExperimentDestination.Holder? {
        if id == 0 {
            // Nobody can use the experiment while it is decided whether somebody has.
            _ = try rows("SELECT 1 FROM experiments WHERE experiment_id = $1::bigint FOR UPDATE", id)
        }
        return try holder("experiment_id = $1::bigint", id)
    }

    package func experimentHolder(ofName name: String) throws -> ExperimentDestination.Holder? {
        try holder("name = $1", name)
    }

    private func holder(
        _ condition: StaticString,
        _ value: any PostgresParameter
    ) throws -> ExperimentDestination.Holder? {
        try rows(
            """
            SELECT home.experiment_id, creation_time,
                home.experiment_id = 0 AND coalesce(creation_time, 0) = coalesce(last_update_time, 0)
                AND NOT EXISTS (SELECT 1 FROM experiment_tags AS tag WHERE tag.experiment_id = home.experiment_id)
                AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.experiment_id = home.experiment_id)
                AND NOT EXISTS (SELECT 1 FROM logged_models AS model WHERE model.experiment_id = home.experiment_id)
            FROM experiments AS home
            WHERE \(condition)
            """,
            value
        ).first { ExperimentDestination.Holder(id: $0.int64(0), creationTime: $0.int64(1), isUnused: $0.bool(2)) }
    }

    package func add(_ experiment: Experiment, keepsID: Bool) throws -> Int64 {
        let id: Int64
        if keepsID {
            id = experiment.id
            try moveSequence(past: id)
            try removeRights(toExperiment: id)
        } else {
            id = try nextExperimentID()
        }
        var stored = experiment
        stored.id = id
        stored.artifactLocation = experiment.location(movingTo: id, beneath: artifactRoot)
        stored.tags = []
        try columnLimits?.require(["experiments.artifact_location": stored.artifactLocation])
        try change(
            """
            INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            id,
            stored.name,
            stored.artifactLocation,
            stored.lifecycleStage.wireName,
            stored.creationTime,
            stored.lastUpdateTime
        )
        remember(stored)
        return id
    }

    /// Removes what an experiment that is removed for good, by whatever program, has left of rights.
    func removeRights(toExperiment id: Int64) throws {
        guard keepsAccess else { return }
        try change(
            "DELETE FROM apus.role_permissions WHERE resource_type = 'experiment' AND resource_pattern = $1",
            String(id)
        )
        try change("DELETE FROM apus.access_token_experiments WHERE experiment_id = $1", id)
        touch(user: nil)
    }

    private func remember(_ experiment: Experiment) {
        experiments[experiment.id] = experiment
        taken.experimentIDs = taken.experimentIDs.filter { $0.value != experiment.id }
        taken.experimentIDs[ExactText(experiment.name)] = experiment.id
    }

    /// Lets the sequence, from which other programs take the ids of their experiments, go on after an id.
    ///
    /// Other programs may take ids at the same time. A small step is made as they make theirs; a large one sets the number, which
    /// goes wrong only if others took as many meanwhile.
    private func moveSequence(past id: Int64) throws {
        let sequence = "pg_get_serial_sequence('experiments', 'experiment_id')::regclass"
        let last = try rows("SELECT coalesce(pg_sequence_last_value(\(sequence)), 0)").first { $0.int64(0) } ?? 0
        if id > last + 1_000 {
            _ = try rows("SELECT setval(\(sequence), $1::bigint)", id)
        } else if id > last {
            _ = try rows("SELECT count(nextval(\(sequence))) FROM generate_series(1, $1::bigint)", id - last)
        }
    }

    package func replaceExperiment(_ id: Int64, by experiment: Experiment) throws {
        try columnLimits?.require(["experiments.artifact_location": experiment.artifactLocation])
        try change(
            """
            UPDATE experiments
            SET name = $2, artifact_location = $3, lifecycle_stage = $4, creation_time = $5, last_update_time = $6
            WHERE experiment_id = $1
            """,
            id,
            experiment.name,
            experiment.artifactLocation,
            experiment.lifecycleStage.wireName,
            experiment.creationTime,
            experiment.lastUpdateTime
        )
        var stored = experiment
        stored.id = id
        remember(stored)
    }

    package func complete(_ tags: [Tag], ofExperiment id: Int64) throws -> TakenPart {
        guard !tags.isEmpty else { return TakenPart() }
        let stored = try rows("SELECT key, value FROM experiment_tags WHERE experiment_id = $1", id)
        let missing = MissingTags(tags, stored: stored)
        try change(
            """
            INSERT INTO experiment_tags (experiment_id, key, value)
            SELECT * FROM unnest($1::integer[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
            """,
            rows: missing.missing.map { [.integer(id), .text($0.key), .text($0.value)] }
        )
        return TakenPart(missing)
    }
}
