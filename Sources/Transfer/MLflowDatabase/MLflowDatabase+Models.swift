internal import Tracking

extension MLflowDatabase {
    func readLoggedModels(
        of experiments: [Int64: String],
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        // MLflow before 3.0 has no logged models.
        guard columns.has("logged_models") else { return }
        let selectedColumns = """
            model_id, experiment_id, name, artifact_location, status, status_message, model_type, source_run_id,
            creation_timestamp_ms, last_updated_timestamp_ms, lifecycle_stage
            """
        try forEachRow(
            of: "logged_models",
            "logged model",
            key: "model_id",
            columns: selectedColumns,
            LoggedModelInfo.init(databaseRow:)
        ) { info in
            guard selection.includes(info) else { return }
            guard let name = experiments[info.experimentID] else {
                guard reportsMissingExperiment(info.experimentID, selection) else { return }
                let reason = "its experiment \(info.experimentID) does not exist"
                return try emit(.skipped("logged model \(info.modelID)", reason))
            }
            try read(info, SourceExperiment(id: info.experimentID, name: name), selection, emit)
        }
    }

    private func read(
        _ info: LoggedModelInfo,
        _ experiment: SourceExperiment,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let id = info.modelID
        var model = LoggedModel(info: info)
        let subject = "logged model \(id)"
        func pairs(_ table: String, _ prefix: String) throws -> [Tag] {
            let (key, value) = ("\(prefix)_key", "\(prefix)_value")
            return try self.pairs(subject, table, key: key, value: value, where: "model_id = ?1", [.text(id)])
        }
        model.params = try pairs("logged_model_params", "param").map { Param(key: $0.key, value: $0.value) }
        model.tags = try pairs("logged_model_tags", "tag")
        if !selection.skipsArtifacts { model.info.artifactURI = finder.movedLocation(info.artifactURI) }
        try emit(.record(.loggedModel(TransferredLoggedModel(model: model, experiment: experiment))))
        let select = """
            SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, dataset_name, dataset_digest
            FROM logged_model_metrics
            WHERE model_id = ?1
            ORDER BY metric_name \(reader.byteCollation), metric_timestamp_ms, metric_step
            """
        var points: [ModelMetric] = []
        // All points of a model are read at once: there are few, because each one is the result of an evaluation.
        try reportingDamage("\(subject): its metrics") {
            _ = try rows(select, [.text(id)], subject: { _ in "\(subject): its metrics" }) { row throws(RowFault) in
                let (name, digest) = (try row.text(5), try row.text(6))
                let (value, time, step) = (try row.number(1), try row.integer(2), try row.integer(3))
                let metric = Metric(key: try row.text(0), value: value, timestamp: time, step: step)
                let dataset = name.isEmpty || digest.isEmpty ? nil : MetricDataset(name: name, digest: digest)
                let run = try row.text(4)
                points.append(ModelMetric(metric: metric, modelID: id, runID: run, dataset: dataset))
            }
        }
        try TransferItem.emit(points: points, modelID: id, emit)
        guard !selection.skipsArtifacts else { return }
        try finder.emitFolder(of: info.artifactURI, owner: id, emit) { missingFiles.add(model) }
    }

    func readRegistry(_ selection: TransferSelection, _ emit: (TransferItem) throws -> Void) throws {
        guard columns.has("registered_models") else { return }
        let selectedColumns = """
            name, creation_time, last_updated_time, description,
            \(columns.expression("registered_models", "workspace", else: "'default'"))
            """
        var models: [RegisteredModel] = []
        try forEachRow(
            of: "registered_models",
            "registered model",
            key: "name",
            columns: selectedColumns
        ) { row throws(RowFault) in
            let creationTime = try row.integer(1)
            let model = RegisteredModel(
                name: try row.text(0),
                creationTime: creationTime,
                lastUpdatedTime: try row.optionalInteger(2) ?? creationTime,
                description: try row.text(3)
            )
            return (model, isOfDefaultWorkspace: row.hasText(4, "default"))
        } _: { model, isOfDefaultWorkspace in
            if isOfDefaultWorkspace { models.append(model) }
        }
        for model in models { try read(model, selection, emit) }
    }

    private func read(
        _ model: RegisteredModel,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        var model = model
        let subject = "registered model '\(model.name)'"
        func condition(_ table: String) -> String { "name = ?1 " + columns.inDefaultWorkspace(table, "AND") }
        let (tags, aliases, name) = ("registered_model_tags", "registered_model_aliases", ColumnValue.text(model.name))
        model.tags = try pairs(subject, tags, where: condition(tags), [name])
        if columns.has(aliases) {
            model.aliases = try pairs(
                subject,
                aliases,
                key: "alias",
                value: "version",
                where: condition(aliases),
                [name]
            )
            .compactMap { pair in Int64(pair.value).map { ModelAlias(alias: pair.key, version: $0) } }
        }
        var lastVersion: Int64 = 0
        try reportingDamage("\(subject): its versions") {
            // MLflow keeps the row of a deleted version, so that its number is not used again.
            let last = "SELECT max(version) FROM model_versions WHERE \(condition("model_versions"))"
            lastVersion = try reader.firstInteger(last, .text(model.name)) ?? 0
        }
        try emit(.record(.registeredModel(TransferredRegisteredModel(model: model, lastVersion: lastVersion))))
        try reportingDamage("\(subject): its versions") { try readVersions(of: model, selection, emit) }
    }

    private func readVersions(
        of model: RegisteredModel,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        let page = """
            SELECT version, creation_time, last_updated_time, current_stage, description, source, run_id, run_link,
                \(columns.expression("model_versions", "storage_location", else: "NULL"))
            FROM model_versions
            WHERE name = ?1 AND version > ?2
                AND coalesce(current_stage, '') != 'Deleted_Internal' \(columns.inDefaultWorkspace("model_versions", "AND"))
            ORDER BY version
            LIMIT 200
            """
        func subject(_ row: DatabaseRow) -> String {
            "version \((try? row.integer(0)).map { "\($0)" } ?? "?") of the registered model '\(model.name)'"
        }
        var last: Int64 = 0
        while true {
            var count = 0
            let versions = try rows(page, [.text(model.name), .integer(last)], subject: subject) {
                row throws(RowFault) in
                count += 1
                last = max(last, try row.integer(0))
                return try Self.version(row, of: model)
            }
            for version in versions { try emitVersion(version, selection, emit) }
            guard count == 200 else { return }
        }
    }

    private static func version(
        _ row: DatabaseRow,
        of model: RegisteredModel
    ) throws(RowFault) -> TransferredModelVersion {
        let name = try row.text(3)
        guard let stage = row.isNull(3) ? ModelStage.none : try? ModelStage(parsing: name) else {
            throw RowFault(description: "its current_stage is unknown")
        }
        let creationTime = try row.integer(1)
        let version = ModelVersion(
            name: model.name,
            version: try row.integer(0),
            creationTime: creationTime,
            lastUpdatedTime: try row.optionalInteger(2) ?? creationTime,
            stage: stage,
            description: try row.optionalText(4),
            source: try row.text(5),
            runID: try row.text(6),
            runLink: try row.text(7)
        )
        return TransferredModelVersion(
            version: version,
            storageLocation: try row.optionalText(8),
            modelCreationTime: model.creationTime
        )
    }

    private func emitVersion(
        _ transferred: TransferredModelVersion,
        _ selection: TransferSelection,
        _ emit: (TransferItem) throws -> Void
    ) throws {
        var transferred = transferred
        let (name, number) = (transferred.version.name, transferred.version.version)
        transferred.version.tags = try pairs(
            "version \(number) of the registered model '\(name)'",
            "model_version_tags",
            where: "name = ?1 AND version = ?2 " + columns.inDefaultWorkspace("model_version_tags", "AND"),
            [.text(name), .integer(number)]
        )
        if !selection.skipsArtifacts {
            transferred.version.source = finder.movedLocation(transferred.version.source)
            transferred.storageLocation = transferred.storageLocation.map(finder.movedLocation)
        }
        try emit(.record(.modelVersion(transferred)))
    }
}

extension LoggedModelInfo {
    /// Reads a row of `logged_models`, with the columns in the order of the query.
    fileprivate init(databaseRow row: DatabaseRow) throws(RowFault) {
        self.init(
            modelID: try row.text(0),
            experimentID: try row.integer(1),
            name: try row.text(2),
            artifactURI: try row.text(3),
            status: LoggedModelStatus(wireNumber: try row.integer(4)) ?? .unspecified,
            statusMessage: try row.optionalText(5),
            modelType: try row.text(6),
            sourceRunID: try row.text(7),
            creationTime: try row.integer(8),
            lastUpdatedTime: try row.integer(9),
            lifecycleStage: MLflowDatabase.stage(try row.text(10))
        )
    }
}
