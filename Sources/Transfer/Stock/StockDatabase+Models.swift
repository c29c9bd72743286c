internal import SQLite
internal import Tracking

extension StockDatabase {
    func readLoggedModels(
        of experiments: [Int64: String],
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws {
        // They exist from 3.0 on.
        guard columns.has("logged_models") else { return }
        let page = try connection.prepare(
            """
            SELECT rowid, model_id, experiment_id, name, artifact_location, status, status_message,
                coalesce(model_type, ''), coalesce(source_run_id, ''), creation_timestamp_ms,
                last_updated_timestamp_ms, lifecycle_stage
            FROM logged_models
            WHERE rowid > ?1
            ORDER BY rowid
            LIMIT 200
            """
        )
        var last: Int64 = .min
        while true {
            try page.bind(last, at: 1)
            let rows = try page.map { row in (rowID: row.int64(0), info: LoggedModelInfo(stock: row)) }
            for (rowID, info) in rows {
                last = rowID
                guard let name = experiments[info.experimentID], selection.includes(info) else { continue }
                try read(info, TransferredHome(id: info.experimentID, name: name), selection, take)
            }
            if rows.isEmpty { return }
        }
    }

    private func read(
        _ info: LoggedModelInfo,
        _ home: TransferredHome,
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws {
        let id = info.modelID
        var model = LoggedModel(info: info)
        model.params = try tags("SELECT param_key, param_value FROM logged_model_params WHERE model_id = ?1", id)
            .map { Param(key: $0.key, value: $0.value) }
        model.tags = try tags("SELECT tag_key, tag_value FROM logged_model_tags WHERE model_id = ?1", id)
        if !selection.leavesArtifacts { model.info.artifactURI = places.movedLocation(info.artifactURI) }
        try take(.record(.loggedModel(TransferredLoggedModel(model: model, home: home))))
        let select = try connection.cached(
            """
            SELECT metric_name, metric_value, metric_timestamp_ms, metric_step, run_id, dataset_name, dataset_digest
            FROM logged_model_metrics
            WHERE model_id = ?1
            ORDER BY metric_name, metric_timestamp_ms, metric_step
            """
        )
        try select.bind(id, at: 1)
        var points = TransferredModelPoints(modelID: id, points: [])
        func send() throws {
            if !points.points.isEmpty { try take(.record(.modelPoints(points))) }
            points.points.removeAll(keepingCapacity: true)
        }
        try select.forEachRow { row in
            let (name, digest) = (row.string(5), row.string(6))
            let metric = Metric(
                key: row.string(0),
                value: row.isNull(1) ? .nan : row.double(1),
                timestamp: row.int64(2),
                step: row.int64(3)
            )
            let dataset = name.isEmpty || digest.isEmpty ? nil : MetricDataset(name: name, digest: digest)
            points.points.append(ModelMetric(metric: metric, modelID: id, runID: row.string(4), dataset: dataset))
            if points.points.count == 1_000 { try send() }
        }
        try send()
        if !selection.leavesArtifacts, let folder = places.folder(of: info.artifactURI, owner: id) {
            try take(.artifacts(folder))
        }
    }

    func readRegistry(_ selection: TransferSelection, _ take: (TransferItem) throws -> Void) throws {
        guard columns.has("registered_models") else { return }
        let models = try connection.prepare(
            """
            SELECT name, creation_time, last_updated_time, coalesce(description, '')
            FROM registered_models
            \(columns.inDefaultWorkspace("registered_models"))
            ORDER BY rowid
            """
        ).map { row in
            RegisteredModel(
                name: row.string(0),
                creationTime: row.int64(1),
                lastUpdatedTime: row.optionalInt64(2) ?? row.int64(1),
                description: row.string(3)
            )
        }
        for var model in models {
            model.tags = try tags(
                "SELECT key, coalesce(value, '') FROM registered_model_tags WHERE name = ?1 "
                    + columns.inDefaultWorkspace("registered_model_tags", "AND") + " ORDER BY key",
                model.name
            )
            if columns.has("registered_model_aliases") {
                model.aliases = try tags(
                    "SELECT alias, version FROM registered_model_aliases WHERE name = ?1 "
                        + columns.inDefaultWorkspace("registered_model_aliases", "AND") + " ORDER BY alias",
                    model.name
                ).compactMap { pair in Int64(pair.value).map { ModelAlias(alias: pair.key, version: $0) } }
            }
            // A deleted version leaves its row, so that its number is not used again.
            let last = try connection.cached(
                "SELECT max(version) FROM model_versions WHERE name = ?1 "
                    + columns.inDefaultWorkspace("model_versions", "AND")
            )
            try last.bind(model.name, at: 1)
            let lastVersion = try last.firstRow { $0.int64(0) } ?? 0
            try take(.record(.registeredModel(TransferredRegisteredModel(model: model, lastVersion: lastVersion))))
            try readVersions(of: model, selection, take)
        }
    }

    private func readVersions(
        of model: RegisteredModel,
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws {
        let page = try connection.cached(
            """
            SELECT version, creation_time, last_updated_time, current_stage, description, coalesce(source, ''),
                coalesce(run_id, ''), coalesce(run_link, ''),
                \(columns.value("model_versions", "storage_location", else: "NULL"))
            FROM model_versions
            WHERE name = ?1 AND version > ?2
                AND coalesce(current_stage, '') != 'Deleted_Internal' \(columns.inDefaultWorkspace("model_versions", "AND"))
            ORDER BY version
            LIMIT 200
            """
        )
        var last: Int64 = 0
        while true {
            try page.bind(model.name, at: 1)
            try page.bind(last, at: 2)
            let rows = try page.map { row in
                let stage = row.isNull(3) ? ModelStage.none : try? ModelStage(parsing: row.string(3))
                let version = ModelVersion(
                    name: model.name,
                    version: row.int64(0),
                    creationTime: row.int64(1),
                    lastUpdatedTime: row.optionalInt64(2) ?? row.int64(1),
                    stage: stage ?? .none,
                    description: row.optionalString(4),
                    source: row.string(5),
                    runID: row.string(6),
                    runLink: row.string(7)
                )
                return TransferredModelVersion(
                    version: version,
                    storageLocation: row.optionalString(8),
                    modelCreationTime: model.creationTime
                )
            }
            guard let final = rows.last else { return }
            last = final.version.version
            for row in rows { try send(row, selection, take) }
        }
    }

    private func send(
        _ row: TransferredModelVersion,
        _ selection: TransferSelection,
        _ take: (TransferItem) throws -> Void
    ) throws {
        var row = row
        row.version.tags = try tags(
            "SELECT key, coalesce(value, '') FROM model_version_tags WHERE name = ?1 AND version = ?2 "
                + columns.inDefaultWorkspace("model_version_tags", "AND") + " ORDER BY key",
            row.version.name,
            row.version.version
        )
        if !selection.leavesArtifacts {
            row.version.source = places.movedLocation(row.version.source)
            row.storageLocation = row.storageLocation.map(places.movedLocation)
        }
        try take(.record(.modelVersion(row)))
    }
}

extension LoggedModelInfo {
    /// Columns of `logged_models` from the second on.
    fileprivate init(stock row: Statement) {
        self.init(
            modelID: row.string(1),
            experimentID: row.int64(2),
            name: row.string(3),
            artifactURI: row.string(4),
            status: LoggedModelStatus(wireNumber: row.int64(5)) ?? .unspecified,
            statusMessage: row.optionalString(6),
            modelType: row.string(7),
            sourceRunID: row.string(8),
            creationTime: row.int64(9),
            lastUpdatedTime: row.int64(10),
            lifecycleStage: StockDatabase.stage(row.string(11))
        )
    }
}
