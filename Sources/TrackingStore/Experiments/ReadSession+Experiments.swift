internal import SQLite
package import Tracking

extension ReadSession {
    /// An experiment with its tags, active or deleted.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is none with that id.
    package func experiment(id: Int64) throws -> Experiment {
        guard let experiment = try experiments(ids: [id]).first else {
            throw TrackingError.experimentNotFound(id)
        }
        return experiment
    }

    /// An experiment with its tags, active or deleted.
    ///
    /// - Throws: `.resourceDoesNotExist` when there is none of that name.
    package func experiment(named name: String) throws -> Experiment {
        let select = try connection.query("SELECT id FROM experiments WHERE name = ?1", name)
        defer { select.reset() }
        guard try select.step() else {
            throw TrackingError.doesNotExist("Could not find experiment with name '\(shortened(name))'")
        }
        return try experiment(id: select.int64(0))
    }

    /// The experiments of a page with their tags, in the order of the ids.
    func experiments(ids: [Int64]) throws -> [Experiment] {
        let tags = try experimentTags(of: ids)
        let select = try connection.query(
            """
            SELECT \(Experiment.columns)
            FROM json_each(?1) AS page
            CROSS JOIN experiments ON experiments.id = page.value
            ORDER BY page.id
            """,
            jsonArray(ids)
        )
        return try select.map { row in
            var experiment = Experiment(row: row)
            experiment.tags = tags[experiment.id] ?? []
            return experiment
        }
    }

    /// The tags of each of the experiments, in ascending order of key.
    private func experimentTags(of ids: [Int64]) throws -> [Int64: [Tag]] {
        let select = try connection.query(
            """
            SELECT tag.experiment_id, tag.key, tag.value
            FROM json_each(?1) AS page
            CROSS JOIN experiment_tags AS tag ON tag.experiment_id = page.value
            ORDER BY page.key, tag.key
            """,
            jsonArray(ids)
        )
        defer { select.reset() }
        var tags: [Int64: [Tag]] = [:]
        while try select.step() {
            tags[select.int64(0), default: []].append(Tag(key: select.string(1), value: select.string(2)))
        }
        return tags
    }

    /// The datasets that runs of the experiments used, each with the contexts of its uses; 1,000 at the most.
    ///
    /// An unknown experiment adds nothing.
    package func datasetSummaries(experimentIDs: [Int64]) throws -> [DatasetSummary] {
        let select = try connection.query(
            """
            SELECT DISTINCT dataset.experiment_id, dataset.name, dataset.digest, tag.value
            FROM datasets AS dataset
            JOIN dataset_inputs AS input ON input.dataset_id = dataset.id
            LEFT JOIN dataset_input_tags AS tag ON tag.input_id = input.id AND tag.key = ?2
            WHERE dataset.experiment_id IN (SELECT value FROM json_each(?1))
            LIMIT 1000
            """,
            jsonArray(experimentIDs),
            Tag.datasetContextKey
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

/// The numbers as SQLite's `json_each` reads them: any number of ids travels in one bound value.
func jsonArray(_ numbers: [Int64]) -> String {
    "[" + numbers.map(String.init).joined(separator: ",") + "]"
}
