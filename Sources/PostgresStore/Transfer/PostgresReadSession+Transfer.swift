internal import Identities
internal import PostgreSQL
package import Tracking

extension PostgresReadSession: RecordReading {
    package func transferredExperiments(_ rows: [TransferRow]) throws -> [Experiment] {
        try experiments(ids: rows.map(\.number))
    }

    package func transferredRuns(_ rows: [TransferRow]) throws -> [TransferredRun] {
        let ids = rows.map(\.id)
        let timesQuery = "SELECT run_uuid, deleted_time FROM runs WHERE run_uuid = ANY($1) AND deleted_time IS NOT NULL"
        let times = try ask(timesQuery, ids)
        let inputsQuery = """
            SELECT source_id, destination_id FROM inputs
            WHERE source_type = 'RUN_INPUT' AND source_id = ANY($1) AND destination_type = 'MODEL_INPUT'
            ORDER BY destination_id COLLATE "C"
            """
        let inputs = try ask(inputsQuery, ids)
        let runs = try runs(ids: ids)
        let experiments = try sourceExperiments(runs.map(\.info.experimentID))
        var deletedTimes: [ExactText: Int64] = [:]
        try self.rows(times).forEach { deletedTimes[ExactText($0.string(0))] = $0.int64(1) }
        var models: [ExactText: [ModelInput]] = [:]
        try self.rows(inputs).forEach { row in
            models[ExactText(row.string(0)), default: []].append(ModelInput(modelID: row.string(1)))
        }
        return runs.map { run in
            var run = run
            run.modelInputs = models[ExactText(run.info.runID)] ?? []
            let id = run.info.experimentID
            let experiment = experiments[id] ?? SourceExperiment(id: id, name: "")
            let deletedTime = deletedTimes[ExactText(run.info.runID)]
            return TransferredRun(run: run, experiment: experiment, deletedTime: deletedTime)
        }.inByteOrder
    }

    package func transferredLoggedModels(_ rows: [TransferRow]) throws -> [TransferredLoggedModel] {
        let models = try loggedModels(ids: rows.map(\.id), withMetrics: false)
        let experiments = try sourceExperiments(models.map(\.info.experimentID))
        return models.map { model in
            let id = model.info.experimentID
            let experiment = experiments[id] ?? SourceExperiment(id: id, name: "")
            return TransferredLoggedModel(model: model, experiment: experiment)
        }
    }

    /// Returns the names and creation times of the experiments with these ids.
    private func sourceExperiments(_ ids: [Int64]) throws -> [Int64: SourceExperiment] {
        var sourceExperiments: [Int64: SourceExperiment] = [:]
        let query = "SELECT experiment_id, name, creation_time FROM experiments WHERE experiment_id = ANY($1::bigint[])"
        try rows(query, Array(Set(ids))).forEach { row in
            sourceExperiments[row.int64(0)] = SourceExperiment(
                id: row.int64(0),
                name: row.string(1),
                creationTime: row.int64(2)
            )
        }
        return sourceExperiments
    }

    package func transferredRegisteredModels(_ rows: [TransferRow]) throws -> [TransferredRegisteredModel] {
        let names = rows.map(\.id)
        let lastVersionTicket = try ask(
            "SELECT name, max(version) FROM model_versions WHERE workspace = 'default' AND name = ANY($1) GROUP BY name",
            names
        )
        let models = try registeredModels(names: names)
        var lastVersions: [ExactText: Int64] = [:]
        try self.rows(lastVersionTicket).forEach { lastVersions[ExactText($0.string(0))] = $0.int64(1) }
        return models.map { model in
            var model = model
            model.latestVersions = []
            return TransferredRegisteredModel(model: model, lastVersion: lastVersions[ExactText(model.name)] ?? 0)
        }
    }

    package func transferredVersions(
        ofModel row: TransferRow,
        after last: Int64,
        limit: Int
    ) throws -> [TransferredModelVersion] {
        let query = """
            SELECT version.version, version.storage_location FROM model_versions AS version
            WHERE version.workspace = 'default' AND version.name = $1 AND version.version > $2::bigint
                AND \(ModelVersion.isNotDeleted("version"))
            ORDER BY version.version
            LIMIT $3
            """
        let found = try rows(query, row.id, last, limit).map { (version: $0.int64(0), location: $0.optionalString(1)) }
        let versions = try modelVersions(found.map { VersionNumber(name: row.id, version: $0.version) })
        return zip(versions, found).map { version, rest in
            TransferredModelVersion(version: version, storageLocation: rest.location, modelCreationTime: row.number)
        }
    }
}

// MARK: Rows

extension PostgresReadSession {
    package func rows(_ rows: TransferRows, after last: TransferRow?, limit: Int) throws -> [TransferRow] {
        var statement = SearchStatement(keyColumns: [rows.table.id], source: rows.table.rawValue)
        var conditions = rows.conditions(&statement)
        if let last {
            let position = "(\(statement.bind(last.number)), \(statement.bind(last.id)))"
            conditions.append("(\(rows.table.number), \(rows.table.id)) > \(position)")
        }
        let end = "LIMIT \(statement.bind(Int64(limit)))"
        return try self.rows(rows, conditions, statement, end)
    }

    package func rows(_ rows: TransferRows, among found: [TransferRow]) throws -> [TransferRow] {
        var statement = SearchStatement(keyColumns: [rows.table.id], source: rows.table.rawValue)
        var conditions = rows.conditions(&statement)
        let positions = "unnest(\(statement.bind(found.map(\.number))), \(statement.bind(found.map(\.id))))"
        conditions.append("(\(rows.table.number), \(rows.table.id)) IN (SELECT * FROM \(positions))")
        return try self.rows(rows, conditions, statement)
    }

    /// Returns those rows that meet the conditions and that the client may read.
    private func rows(
        _ rows: TransferRows,
        _ conditions: [String],
        _ statement: SearchStatement,
        _ end: String = ""
    ) throws -> [TransferRow] {
        var statement = statement
        var conditions = conditions
        if let permissions, let visibilityCondition = rows.table.visibilityCondition(with: permissions, in: &statement)
        {
            conditions.append(visibilityCondition)
        }
        let query = """
            SELECT \(rows.table.number), \(rows.table.id) FROM \(statement.source)
            WHERE \(conditions.joined(separator: " AND "))
            ORDER BY \(rows.table.number), \(rows.table.id)
            \(end)
            """
        return try self.rows(query, values: statement.values).map { TransferRow($0.int64(0), $0.string(1)) }
    }
}

extension TransferTable {
    /// The SQL for the number by which rows are sorted first: the id of an experiment; the start or creation time of other
    /// entities.
    fileprivate var number: String {
        switch self {
        case .experiments: "experiment_id::bigint"
        case .runs: "coalesce(start_time, 0)"
        case .loggedModels: "creation_timestamp_ms"
        case .registeredModels: "coalesce(creation_time, 0)"
        }
    }

    /// The SQL for the id or name by which rows with equal numbers are ordered; empty for experiments, whose numbers all differ.
    fileprivate var id: String {
        switch self {
        case .experiments: "''::text"
        case .runs: "run_uuid::text COLLATE \"C\""
        case .loggedModels: "model_id::text COLLATE \"C\""
        case .registeredModels: "name::text COLLATE \"C\""
        }
    }
}

extension TransferTable {
    /// Returns the condition that the client may read a row; nil if the client may read all rows.
    fileprivate func visibilityCondition(with permissions: Permissions, in statement: inout SearchStatement) -> String?
    {
        let experiment = "\(rawValue).experiment_id"
        switch self {
        case .experiments: return permissions.visibleExperiments(for: .experiment).condition(experiment, in: &statement)
        case .runs: return permissions.visibleExperiments(for: .run).condition(experiment, in: &statement)
        case .loggedModels:
            return permissions.visibleExperiments(for: .loggedModel).condition(experiment, in: &statement)
        case .registeredModels:
            return RegistrySearchDescription<RegisteredModelTables>.visibilityCondition(
                with: permissions,
                in: &statement
            )
        }
    }
}

extension TransferRows {
    /// The conditions for the rows of the subset.
    fileprivate func conditions(_ statement: inout SearchStatement) -> [String] {
        var conditions = ["TRUE"]
        switch (subset, table) {
        case (.everything, .registeredModels): conditions.append("workspace = 'default'")
        case (.everything, _): break
        case (_, .registeredModels): conditions.append("FALSE")
        case (.experiments(let ids), _): conditions.append("experiment_id = ANY(\(statement.bind(ids)))")
        case (.runs(let ids), .runs): conditions.append("run_uuid = ANY(\(statement.bind(ids)))")
        case (.runs(let ids), .loggedModels): conditions.append("source_run_id = ANY(\(statement.bind(ids)))")
        case (.runs(let ids), .experiments):
            let list = statement.bind(ids)
            conditions.append(
                """
                experiment_id IN (SELECT experiment_id FROM runs WHERE run_uuid = ANY(\(list))
                    UNION
                    SELECT experiment_id FROM logged_models WHERE source_run_id = ANY(\(list)))
                """
            )
        }
        if areActiveOnly { conditions.append("lifecycle_stage = 'active'") }
        return conditions
    }
}
