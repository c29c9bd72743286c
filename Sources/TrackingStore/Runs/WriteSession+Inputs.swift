internal import Identities
internal import SQLite
package import Tracking

extension WriteSession {
    package func logInputs(datasets: [DatasetInput], models: [ModelInput], runID: String) throws {
        let run = try activeRunRow(runID, for: .update)
        try requireChangeable(models.map(\.modelID))
        for input in datasets {
            let dataset = try datasetRow(input.dataset, experimentID: run.experimentID)
            try link(dataset: dataset, tags: input.tags, runRow: run.id)
        }
        for model in models {
            try connection.run(
                "INSERT OR IGNORE INTO model_inputs (run_id, model_id) VALUES (?1, ?2)",
                values: [run.id, model.modelID]
            )
        }
    }

    package func logOutputs(models: [ModelOutput], runID: String) throws {
        let run = try activeRunRow(runID, for: .update)
        try requireChangeable(models.map(\.modelID))
        for model in models {
            try connection.run(
                """
                INSERT INTO model_outputs (run_id, model_id, step) VALUES (?1, ?2, ?3)
                ON CONFLICT (run_id, model_id) DO UPDATE SET step = excluded.step
                """,
                values: [run.id, model.modelID, model.step]
            )
        }
    }

    /// Throws if a user with limited permissions links a run with a logged model that the user may not change.
    ///
    /// Other clients may name any logged model, even one that does not exist.
    private func requireChangeable(_ modelIDs: [String]) throws {
        guard permissions != nil, !hidesUnreadable else { return }
        for id in modelIDs { _ = try loggedModelInfo(id, allowsDeleted: true, for: .update) }
    }

    /// Returns the row id of a dataset of an experiment; inserts the row if the dataset is new.
    func datasetRow(_ dataset: Dataset, experimentID: Int64) throws -> Int64 {
        let select = try connection.query(
            "SELECT id FROM datasets WHERE experiment_id = ?1 AND name = ?2 AND digest = ?3",
            values: [experimentID, dataset.name, dataset.digest]
        )
        defer { select.reset() }
        if try select.step() { return select.int64(0) }
        try connection.run(
            """
            INSERT INTO datasets (experiment_id, name, digest, source_type, source, schema, profile)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            values: [
                experimentID, dataset.name, dataset.digest, dataset.sourceType, dataset.source, dataset.schema,
                dataset.profile,
            ]
        )
        return connection.lastInsertRowID
    }

    /// Links a run with a dataset; stores the tags only if the link is new.
    func link(dataset: Int64, tags: [Tag], runRow: Int64) throws {
        try connection.run("INSERT OR IGNORE INTO dataset_inputs (run_id, dataset_id) VALUES (?1, ?2)", runRow, dataset)
        guard connection.changes > 0 else { return }
        let input = connection.lastInsertRowID
        for tag in tags { try connection.upsert(tag, in: .datasetInputs, of: input) }
    }
}
