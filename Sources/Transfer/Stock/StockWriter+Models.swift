internal import SQLite
internal import Tracking

/// The tables of logged models.
struct ModelTables {
    let models: TableWriter
    let params: TableWriter
    let tags: TableWriter
    let metrics: TableWriter
    let experimentID: Statement
    let run: Statement

    init(_ connection: Connection) throws {
        models = try TableWriter(
            connection,
            "logged_models",
            [
                "model_id", "experiment_id", "name", "artifact_location", "creation_timestamp_ms",
                "last_updated_timestamp_ms", "status", "lifecycle_stage", "model_type", "source_run_id",
                "status_message",
            ]
        )
        params = try TableWriter(
            connection,
            "logged_model_params",
            ["model_id", "experiment_id", "param_key", "param_value"]
        )
        tags = try TableWriter(connection, "logged_model_tags", ["model_id", "experiment_id", "tag_key", "tag_value"])
        metrics = try TableWriter(
            connection,
            "logged_model_metrics",
            [
                "model_id", "experiment_id", "run_id", "metric_name", "metric_timestamp_ms", "metric_step",
                "metric_value", "dataset_name", "dataset_digest",
            ],
            on: .ignore
        )
        experimentID = try connection.prepare("SELECT experiment_id FROM logged_models WHERE model_id = ?1")
        run = try connection.prepare("SELECT 1 FROM runs WHERE run_uuid = ?1")
    }
}

extension StockWriter {
    func add(_ transferred: TransferredLoggedModel) throws {
        let model = transferred.model
        let info = model.info
        let (id, experiment) = (ColumnValue.text(info.modelID), ColumnValue.integer(transferred.home.id))
        try models.models.add(
            id,
            experiment,
            .text(info.name),
            .text(info.artifactURI),
            .integer(info.creationTime),
            .integer(info.lastUpdatedTime),
            .integer(info.status.wireNumber),
            .text(info.lifecycleStage.wireName),
            .text(info.modelType),
            .text(info.sourceRunID),
            ColumnValue(info.statusMessage)
        )
        for param in model.params { try models.params.add(id, experiment, .text(param.key), .text(param.value)) }
        for tag in model.tags { try models.tags.add(id, experiment, .text(tag.key), .text(tag.value)) }
    }

    /// Stores points of a model: one for each metric, time, step and run, for which MLflow has a single row.
    func add(_ points: TransferredModelPoints) throws {
        try models.experimentID.bind(points.modelID, at: 1)
        guard let experiment = try models.experimentID.firstRow({ $0.int64(0) }) else {
            return try report("logged model \(points.modelID)", "its metrics have no model")
        }
        for point in points.points {
            let metric = point.metric
            let place = "logged model \(points.modelID), metric '\(shortened(metric.key))' at step \(metric.step)"
            try models.run.bind(point.runID, at: 1)
            guard try models.run.firstRow({ _ in true }) != nil else {
                try report(place, "its run '\(shortened(point.runID))' is not there")
                continue
            }
            let before = connection.totalChanges
            try models.metrics.add(
                .text(points.modelID),
                .integer(experiment),
                .text(point.runID),
                .text(metric.key),
                .integer(metric.timestamp),
                .integer(metric.step),
                .real(metric.value),
                ColumnValue(point.dataset?.name),
                ColumnValue(point.dataset?.digest)
            )
            if connection.totalChanges == before {
                try report(place, "MLflow holds one value for each time, step and run; this is another")
            }
        }
    }
}
