internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresReadSession {
    package func experiment(id: Int64) throws -> Experiment {
        try require(.read, on: .experiment(id), orThrow: .experimentNotFound(id))
        guard let experiment = try experiments(ids: [id]).first else { throw TrackingError.experimentNotFound(id) }
        return experiment
    }

    package func experiment(named name: String) throws -> Experiment {
        let found = try rows("SELECT experiment_id FROM experiments WHERE name = $1", name).first { $0.int64(0) }
        guard let id = found else { throw TrackingError.experimentNotFound(named: name) }
        try require(.read, on: .experiment(id), orThrow: .experimentNotFound(named: name))
        return try experiment(id: id)
    }

    /// Reads experiments with their tags, in the order of the ids; leaves out unknown ids.
    func experiments(ids: [Int64]) throws -> [Experiment] {
        guard !ids.isEmpty else { return [] }
        let experimentsQuery = """
            SELECT \(Experiment.columns)
            FROM unnest($1::bigint[]) WITH ORDINALITY AS page (id, number)
            JOIN experiments ON experiments.experiment_id = page.id
            ORDER BY page.number
            """
        let experimentsTicket = try ask(experimentsQuery, ids)
        let tagsQuery = """
            SELECT experiment_id, key, value FROM experiment_tags
            WHERE experiment_id = ANY($1::bigint[]) ORDER BY key COLLATE "C"
            """
        let tagsTicket = try ask(tagsQuery, ids)
        var tags: [Int64: [Tag]] = [:]
        try rows(tagsTicket).forEach { row in
            tags[row.int64(0), default: []].append(Tag(key: row.string(1), value: row.string(2)))
        }
        return try rows(experimentsTicket).map { row in
            var experiment = Experiment(row: row)
            experiment.tags = tags[experiment.id] ?? []
            return experiment
        }
    }

    /// The datasets of the runs of some experiments, as far as the client may read these runs.
    package func datasetSummaries(experimentIDs: [Int64]) throws -> [DatasetSummary] {
        let query = """
            SELECT DISTINCT dataset.experiment_id, dataset.name, dataset.digest, tag.value
            FROM datasets AS dataset
            JOIN inputs AS input ON input.source_id = dataset.dataset_uuid
                AND input.source_type = 'DATASET' AND input.destination_type = 'RUN'
            LEFT JOIN input_tags AS tag ON tag.input_uuid = input.input_uuid AND tag.name = $2
            WHERE dataset.experiment_id = ANY($1::bigint[])
            LIMIT 1000
            """
        return try rows(query, experimentIDs.filter { canReadRuns(ofExperiment: $0) }, Tag.datasetContextKey).map {
            DatasetSummary(
                experimentID: $0.int64(0),
                name: $0.string(1),
                digest: $0.string(2),
                context: $0.optionalString(3)
            )
        }
    }
}
