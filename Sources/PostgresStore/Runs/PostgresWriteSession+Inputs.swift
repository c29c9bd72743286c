internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresWriteSession {
    package func logInputs(datasets: [DatasetInput], models: [ModelInput], runID: String) throws {
        let run = try requireActiveRun(runID, for: .update)
        try requireChangeable(models.map(\.modelID))
        for input in datasets {
            let dataset = try datasetID(input.dataset, experimentID: run.experimentID)
            try link(dataset: dataset, tags: input.tags, runID: runID)
        }
        for model in models {
            let insertion = """
                INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
                VALUES ($1, 'RUN_INPUT', $2, 'MODEL_INPUT', $3) ON CONFLICT DO NOTHING
                """
            try change(insertion, makeRunID(), runID, model.modelID)
        }
    }

    package func logOutputs(models: [ModelOutput], runID: String) throws {
        try requireActiveRun(runID, for: .update)
        try requireChangeable(models.map(\.modelID))
        for model in models {
            let insertion = """
                INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
                VALUES ($1, 'RUN_OUTPUT', $2, 'MODEL_OUTPUT', $3, $4)
                ON CONFLICT (source_type, source_id, destination_type, destination_id) DO UPDATE SET step = excluded.step
                """
            try change(insertion, makeRunID(), runID, model.modelID, model.step)
        }
    }

    /// Throws if a user with limited permissions would link a run with a logged model that the user may not change.
    ///
    /// Other clients may name any logged model, even one that does not exist.
    private func requireChangeable(_ modelIDs: [String]) throws {
        guard permissions != nil, !hidesUnreadable else { return }
        for id in modelIDs { _ = try storedLoggedModel(id, allowsDeleted: true, for: .update) }
    }

    /// Returns the id of a dataset; adds the dataset if the experiment does not have it.
    func datasetID(_ dataset: Dataset, experimentID: Int64) throws -> String {
        let lookUp = { [self] in
            try rows(
                "SELECT dataset_uuid FROM datasets WHERE experiment_id = $1 AND name = $2 AND digest = $3",
                experimentID,
                dataset.name,
                dataset.digest
            ).first { $0.string(0) }
        }
        if let id = try lookUp() { return id }
        let id = makeRunID()
        let added = try changed(
            """
            INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source, dataset_schema,
                dataset_profile)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING
            """,
            id,
            experimentID,
            dataset.name,
            dataset.digest,
            dataset.sourceType,
            dataset.source,
            dataset.schema,
            dataset.profile
        ).affectedCount
        if added > 0 { return id }
        guard let id = try lookUp() else { throw StoreCorruption("a dataset was removed while it was looked up") }
        return id
    }

    /// Links a run with a dataset; returns false if they were linked already.
    @discardableResult
    func link(dataset: String, tags: [Tag], runID: String) throws -> Bool {
        let input = makeRunID()
        let insertion = """
            INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
            VALUES ($1, 'DATASET', $2, 'RUN', $3) ON CONFLICT DO NOTHING
            """
        let added = try changed(insertion, input, dataset, runID).affectedCount
        guard added > 0, !tags.isEmpty else { return added > 0 }
        // Of several tags with the same key, only the last one is stored.
        var values: [ExactText: String] = [:]
        for tag in tags { values[ExactText(tag.key)] = tag.value }
        try change(
            "INSERT INTO input_tags (input_uuid, name, value) SELECT $1, * FROM unnest($2::text[], $3::text[])",
            input,
            values.map(\.key.text),
            values.map(\.value)
        )
        return true
    }
}
