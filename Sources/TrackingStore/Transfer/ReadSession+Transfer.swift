internal import Identities
internal import SQLite
package import Tracking

extension ReadSession: RecordReading {
    package func transferredExperiments(_ rows: [TransferRow]) throws -> [Experiment] {
        try experiments(ids: rows.map(\.number))
    }

    package func transferredRuns(_ rows: [TransferRow]) throws -> [TransferredRun] {
        let numbers = rows.map(\.number)
        let deletedTimes = try connection.query(
            """
            SELECT runs.deleted_time
            FROM json_each(?1) AS page
            CROSS JOIN runs ON runs.id = page.value
            ORDER BY page.id
            """,
            jsonArray(numbers)
        ).map { $0.optionalInt64(0) }
        var experiments: [Int64: SourceExperiment] = [:]
        return try runs(rows: numbers).enumerated().map { index, run in
            var run = run
            run.modelInputs = try modelInputs(row: numbers[index])
            let experiment = try sourceExperiment(run.info.experimentID, &experiments)
            return TransferredRun(run: run, experiment: experiment, deletedTime: deletedTimes[index])
        }.inByteOrder
    }

    package func transferredLoggedModels(_ rows: [TransferRow]) throws -> [TransferredLoggedModel] {
        var experiments: [Int64: SourceExperiment] = [:]
        return try loggedModelsWithoutMetrics(rows: rows.map(\.number)).map { model in
            var model = model
            model.params.sort { $0.key.precedes($1.key) }
            model.tags.sort { $0.key.precedes($1.key) }
            let experiment = try sourceExperiment(model.info.experimentID, &experiments)
            return TransferredLoggedModel(model: model, experiment: experiment)
        }
    }

    package func transferredRegisteredModels(_ rows: [TransferRow]) throws -> [TransferredRegisteredModel] {
        let numbers = rows.map(\.number)
        let lastVersions = try connection.query(
            """
            SELECT model.last_version
            FROM json_each(?1) AS page
            CROSS JOIN registered_models AS model ON model.id = page.value
            ORDER BY page.id
            """,
            jsonArray(numbers)
        ).map { $0.int64(0) }
        return zip(try registeredModels(rows: numbers), lastVersions).map { model, lastVersion in
            var model = model
            model.latestVersions = []
            return TransferredRegisteredModel(model: model, lastVersion: lastVersion)
        }
    }

    private func sourceExperiment(_ id: Int64, _ cache: inout [Int64: SourceExperiment]) throws -> SourceExperiment {
        if let cached = cache[id] { return cached }
        let experiment = try storedExperiment(id, for: .read)
        let sourceExperiment = SourceExperiment(id: id, name: experiment.name, creationTime: experiment.creationTime)
        cache[id] = sourceExperiment
        return sourceExperiment
    }

    package func transferredVersions(
        ofModel row: TransferRow,
        after last: Int64,
        limit: Int
    ) throws -> [TransferredModelVersion] {
        let found = try connection.query(
            """
            SELECT version.id, version.storage_location, model.creation_time
            FROM model_versions AS version
            JOIN registered_models AS model ON model.id = version.model_id
            WHERE version.model_id = ?1 AND version.version > ?2
            ORDER BY version.version
            LIMIT ?3
            """,
            values: [row.number, last, limit]
        ).map { (row: $0.int64(0), location: $0.optionalString(1), modelCreationTime: $0.int64(2)) }
        return zip(try connection.modelVersions(rows: found.map(\.row)), found).map { version, rest in
            TransferredModelVersion(
                version: version,
                storageLocation: rest.location,
                modelCreationTime: rest.modelCreationTime
            )
        }
    }
}
