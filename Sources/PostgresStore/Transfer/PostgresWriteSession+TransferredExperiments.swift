internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession: RecordImporting {
    package var greatestExperimentID: Int64 { TransferLimits.experimentIDInPostgreSQL }

    package func experimentToChange(_ id: Int64) throws -> Experiment { try knownExperiment(id, for: .update) }

    package func experimentID(ofName name: String) -> Int64? { importBatch.experimentIDs[ExactText(name)] }

    package func creationTime(ofExperiment id: Int64) throws -> Int64? {
        try rows("SELECT creation_time FROM experiments WHERE experiment_id = $1::bigint", id).first { $0.int64(0) }
    }

    package func storedExperiment(withID id: Int64) throws -> ExperimentDestination.StoredExperiment? {
        if id == 0 {
            // Only the Default experiment, whose id is 0, can count as unused. The lock keeps others from using it while this
            // transaction finds out.
            _ = try rows("SELECT 1 FROM experiments WHERE experiment_id = $1::bigint FOR UPDATE", id)
        }
        return try storedExperiment("experiment_id = $1::bigint", id)
    }

    package func storedExperiment(withName name: String) throws -> ExperimentDestination.StoredExperiment? {
        try storedExperiment("name = $1", name)
    }

    private func storedExperiment(
        _ condition: StaticString,
        _ value: any PostgresParameter
    ) throws -> ExperimentDestination.StoredExperiment? {
        let query = """
            SELECT experiment.experiment_id, creation_time,
                experiment.experiment_id = 0 AND coalesce(creation_time, 0) = coalesce(last_update_time, 0)
                AND NOT EXISTS (SELECT 1 FROM experiment_tags AS tag WHERE tag.experiment_id = experiment.experiment_id)
                AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.experiment_id = experiment.experiment_id)
                AND NOT EXISTS (SELECT 1 FROM logged_models AS model WHERE model.experiment_id = experiment.experiment_id)
            FROM experiments AS experiment
            WHERE \(condition)
            """
        return try rows(query, value).first { .init(id: $0.int64(0), creationTime: $0.int64(1), isUnused: $0.bool(2)) }
    }

    package func add(_ experiment: Experiment, keepsID: Bool) throws -> Int64 {
        let id: Int64
        if keepsID {
            id = experiment.id
            try moveSequence(past: id)
            try removePermissions(onExperiment: id)
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

    /// Removes the permissions for the experiment that has, or had, this id and is removed permanently.
    func removePermissions(onExperiment id: Int64) throws {
        guard hasAccessTables else { return }
        let deletion = "DELETE FROM apus.role_permissions WHERE resource_type = 'experiment' AND resource_pattern = $1"
        try change(deletion, String(id))
        try change("DELETE FROM apus.access_token_experiments WHERE experiment_id = $1", id)
        noteChange(ofUser: nil)
    }

    private func remember(_ experiment: Experiment) {
        experiments[experiment.id] = experiment
        importBatch.experimentIDs = importBatch.experimentIDs.filter { $0.value != experiment.id }
        importBatch.experimentIDs[ExactText(experiment.name)] = experiment.id
    }

    /// Advances the sequence, from which other programs get the ids of new experiments, beyond an id.
    ///
    /// Other programs may get ids at the same time. A small advance calls `nextval`, as they do, which is safe. A large one uses
    /// `setval`. It would move the sequence back, so that ids repeat, only if others got more than 1,000 ids after `last` was
    /// read.
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

    package func addMissing(_ tags: [Tag], toExperiment id: Int64) throws -> MergeResult {
        guard !tags.isEmpty else { return MergeResult() }
        let stored = try rows("SELECT key, value FROM experiment_tags WHERE experiment_id = $1", id)
        let missing = MissingTags(tags, stored: stored)
        let insertion = """
            INSERT INTO experiment_tags (experiment_id, key, value)
            SELECT * FROM unnest($1::integer[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING
            """
        try change(insertion, rows: missing.tags.map { [.integer(id), .text($0.key), .text($0.value)] })
        return MergeResult(missing)
    }
}
