internal import Tracking

/// The writers of the tables of logged models.
struct ModelTables {
    let models: any TableWriter
    let params: any TableWriter
    let tags: any TableWriter
    let metrics: any TableWriter

    init(_ target: any DatabaseTarget) throws {
        models = try target.writer(
            of: "logged_models",
            [
                "model_id", "experiment_id", "name", "artifact_location", "creation_timestamp_ms",
                "last_updated_timestamp_ms", "status", "lifecycle_stage", "model_type", "source_run_id",
                "status_message",
            ],
            on: .fail
        )
        params = try target.writer(
            of: "logged_model_params",
            ["model_id", "experiment_id", "param_key", "param_value"],
            on: .fail
        )
        tags = try target.writer(
            of: "logged_model_tags",
            ["model_id", "experiment_id", "tag_key", "tag_value"],
            on: .fail
        )
        metrics = try target.writer(
            of: "logged_model_metrics",
            [
                "model_id", "experiment_id", "run_id", "metric_name", "metric_timestamp_ms", "metric_step",
                "metric_value", "dataset_name", "dataset_digest",
            ],
            on: .keepExisting(key: ["model_id", "metric_name", "metric_timestamp_ms", "metric_step", "run_id"])
        )
    }
}

extension MLflowDatabaseWriter {
    func add(_ transferred: TransferredLoggedModel) throws {
        let model = transferred.model
        let info = model.info
        let id = ColumnValue.text(info.modelID)
        let experiment = ColumnValue.integer(newID(ofExperiment: transferred.experiment.id))
        let subject = "logged model \(info.modelID)"
        guard !isLeftOut(.experiment(transferred.experiment.id)) else {
            return try report(subject, "its experiment is left out")
        }
        let isStored = try adding(subject) {
            try models.models.add([
                id, experiment, .text(info.name), .text(info.artifactURI), .integer(info.creationTime),
                .integer(info.lastUpdatedTime), .integer(info.status.wireNumber), .text(info.lifecycleStage.wireName),
                .text(info.modelType), .text(info.sourceRunID), ColumnValue(info.statusMessage),
            ])
        }
        guard isStored else { return }
        for param in model.params {
            try adding("\(subject), param '\(shortened(param.key))'") {
                try models.params.add([id, experiment, .text(param.key), .text(param.value)])
            }
        }
        for tag in model.tags {
            try adding("\(subject), tag '\(shortened(tag.key))'") {
                try models.tags.add([id, experiment, .text(tag.key), .text(tag.value)])
            }
        }
    }

    /// Stores points of a model, of which MLflow's table can store only one for each metric, time, step and run.
    func add(_ points: TransferredModelPoints) throws {
        let experiment = try target.lookup(
            "SELECT experiment_id FROM logged_models WHERE model_id = ?1",
            in: "logged_models",
            [.text(points.modelID)]
        ) { try $0.integer(0) }
        guard let experiment else {
            return try report("logged model \(points.modelID)", "the model of its metrics does not exist")
        }
        for point in points.points {
            let metric = point.metric
            let subject = "logged model \(points.modelID), metric '\(shortened(metric.key))' at step \(metric.step)"
            let run = try target.lookup(
                "SELECT 1 FROM runs WHERE run_uuid = ?1",
                in: "runs",
                [.text(point.runID)]
            ) { _ in true }
            guard run != nil else {
                try report(subject, "its run '\(shortened(point.runID))' does not exist")
                continue
            }
            try adding(subject) {
                let isNew = try models.metrics.addIfAbsent([
                    .text(points.modelID), .integer(experiment), .text(point.runID), .text(metric.key),
                    .integer(metric.timestamp), .integer(metric.step), .real(metric.value),
                    ColumnValue(point.dataset?.name), ColumnValue(point.dataset?.digest),
                ])
                if !isNew {
                    try report(
                        subject,
                        "MLflow can store only one value for each time, step and run, and has another one"
                    )
                }
            }
        }
    }
}
