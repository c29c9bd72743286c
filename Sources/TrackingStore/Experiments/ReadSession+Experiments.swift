internal import Identities
internal import SQLite
package import Tracking

extension ReadSession {
    package func experiment(id: Int64) throws -> Experiment {
        try require(.read, on: .experiment(id), orThrow: .experimentNotFound(id))
        guard let experiment = try experiments(ids: [id]).first else { throw TrackingError.experimentNotFound(id) }
        return experiment
    }

    package func experiment(named name: String) throws -> Experiment {
        let found = try connection.query("SELECT id FROM experiments WHERE name = ?1", name).firstRow { $0.int64(0) }
        guard let id = found else { throw TrackingError.experimentNotFound(named: name) }
        try require(.read, on: .experiment(id), orThrow: .experimentNotFound(named: name))
        return try experiment(id: id)
    }

    /// Reads experiments with their tags, in the order of the ids.
    func experiments(ids: [Int64]) throws -> [Experiment] {
        let page = jsonArray(ids)
        let tags = try connection.tags(in: .experiments, of: page)
        let select = try connection.query(
            """
            SELECT \(Experiment.columns)
            FROM json_each(?1) AS page
            CROSS JOIN experiments ON experiments.id = page.value
            ORDER BY page.id
            """,
            page
        )
        return try select.map { row in
            var experiment = Experiment(row: row)
            experiment.tags = tags[experiment.id] ?? []
            return experiment
        }
    }

    /// The datasets that runs of some experiments used, without experiments whose runs the client may not read.
    package func datasetSummaries(experimentIDs: [Int64]) throws -> [DatasetSummary] {
        let readable = experimentIDs.filter { canReadRuns(ofExperiment: $0) }
        let select = try connection.query(
            """
            SELECT DISTINCT dataset.experiment_id, dataset.name, dataset.digest, tag.value
            FROM datasets AS dataset
            JOIN dataset_inputs AS input ON input.dataset_id = dataset.id
            LEFT JOIN dataset_input_tags AS tag ON tag.input_id = input.id AND tag.key = ?2
            WHERE dataset.experiment_id IN (SELECT value FROM json_each(?1))
            LIMIT 1000
            """,
            values: [jsonArray(readable), Tag.datasetContextKey]
        )
        defer { select.reset() }
        var summaries: [DatasetSummary] = []
        while try select.step() {
            summaries.append(
                DatasetSummary(
                    experimentID: select.int64(0),
                    name: select.string(1),
                    digest: select.string(2),
                    context: select.optionalString(3)
                )
            )
        }
        return summaries
    }
}

/// Formats numbers as a JSON array for SQLite's `json_each`, so that any number of ids can be bound as one value.
func jsonArray(_ numbers: [Int64]) -> String { "[" + numbers.map(String.init).joined(separator: ",") + "]" }
